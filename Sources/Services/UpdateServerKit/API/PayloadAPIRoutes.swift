import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import UpdateModel

// Payloads: uploaded as they are, in one request, and checked before they count.
extension APIRoutes {
    func addPayloads(to router: Router<ServerContext>) {
        on(.get, "applications/:application/payloads", router) { request in
            let id = try await request.application().id
            let version = try request.parameter("version").map { try Version($0) }
            let page = try await control.payloads(of: id, version: version, request.page(), by: request.caller)
            return try APIRequest.answer(ListPage(items: page.items.map(presenter(request).payload), total: page.total))
        }
        let one = "applications/:application/releases/:version/payloads/:architecture"
        on(.get, one, router) { request in
            let id = try await request.application().id
            let (version, architecture, source) = try (
                request.version(), request.architecture(), request.sourceVersion()
            )
            let page = PageRequest(limit: PageRequest.limitMaximum)
            let payloads = try await control.payloads(of: id, version: version, page, by: request.caller).items
            guard let match = payloads.first(where: { $0.architecture == architecture && $0.source == source }) else {
                throw OperationError.notFound(.payload, "\(version) \(architecture)")
            }
            return try APIRequest.answer(presenter(request).payload(match))
        }
        on(.put, one, router) { request in
            let made = try await upload(request)
            return try APIRequest.answer(presenter(request).payload(made), status: .created)
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            try await control.deletePayload(
                of: request.version(), request.architecture(), source: request.sourceVersion(), in: id,
                by: request.caller)
            return APIRequest.done
        }
    }

    /// Streams the body into the store. A piece is taken from the connection when the one before is written.
    private func upload(_ request: APIRequest) async throws -> Payload {
        let application = try await request.application()
        let architecture = try request.architecture()
        let version = try request.version()
        let upload = PayloadUpload(
            application: application.id, version: version, architecture: architecture,
            source: try request.sourceVersion(),
            fileName: try UploadHeaders.fileName(
                request.parameter("name"), version: version, architecture: architecture),
            declaredSize: request.request.headers[.contentLength].flatMap { UInt64($0) },
            expectedDigest: try UploadHeaders.digest(request.request.headers))
        var body = request.request.body.makeAsyncIterator()
        return try await control.addPayload(upload, by: request.caller, describe: PayloadInspection.describe) {
            try await body.next(isolation: #isolation).map { Array($0.readableBytesView) }
        }
    }
}

/// What an upload says beside its bytes.
enum UploadHeaders {
    /// The SHA-256 that the sender has computed: `Repr-Digest: sha-256=:BASE64:` or `X-Content-SHA256: HEX`.
    ///
    /// Source: RFC 9530, section 3.
    static func digest(_ headers: HTTPFields) throws(RequestError) -> SHA256Digest? {
        if let text = headers[.xContentSHA256] {
            guard let digest = SHA256Digest(hexadecimal: text) else {
                throw .invalidParameter(name: "X-Content-SHA256", value: text, wanted: "64 hexadecimal digits")
            }
            return digest
        }
        guard let field = headers[.reprDigest] else { return nil }
        for member in field.split(separator: ",").map({ $0.drop { $0 == " " } }) where member.hasPrefix("sha-256=") {
            let value = member.dropFirst("sha-256=".count)
            guard value.hasPrefix(":"), value.hasSuffix(":"), value.count > 2,
                let bytes = Data(base64Encoded: String(value.dropFirst().dropLast())),
                let digest = SHA256Digest(bytes: bytes)
            else { throw .invalidParameter(name: "Repr-Digest", value: field, wanted: "sha-256=:BASE64:") }
            return digest
        }
        return nil
    }

    /// What clients may call the file: it becomes the end of its URL, so only plain names pass.
    static func fileName(
        _ name: String?, version: Version, architecture: Architecture
    ) throws(RequestError) -> String {
        guard let name else {
            let plain = version.text.map { isPlain($0) ? $0 : "-" }
            return "update-\(String(plain))-\(architecture).crau"
        }
        guard (1...128).contains(name.utf8.count), name.allSatisfy(isPlain), name.first != "." else {
            throw .invalidParameter(
                name: "name", value: name, wanted: "1 to 128 letters, digits or any of . _ + -, no dot first")
        }
        return name
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._+-".contains(character))
    }
}
