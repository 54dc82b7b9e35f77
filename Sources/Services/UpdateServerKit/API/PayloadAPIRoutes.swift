import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import UpdateModel

// Payloads: uploaded as they are, in one request or in parts after one that broke off, and checked before they count.
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
        on(.get, one + "/upload", router) { request in
            _ = try request.architecture()
            _ = try await control.release(request.version(), of: request.application().id, by: request.caller)
            let text = request.parameter("sha256") ?? ""
            guard let digest = SHA256Digest(hexadecimal: text) else {
                throw RequestError.invalidParameter(name: "sha256", value: text, wanted: "64 hexadecimal digits")
            }
            let received = try await control.keptUpload(of: digest, by: request.caller)
            return try APIRequest.answer(UploadState(received: received))
        }
        addElsewhere(one + "/elsewhere", to: router)
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

    /// The answer comes when the payload is there, or is refused.
    private func addElsewhere(_ path: String, to router: Router<ServerContext>) {
        on(.post, path, router) { request in
            let new = try await request.body(NewPayloadElsewhere.self)
            let upload = PayloadUpload(
                application: try await request.application().id, version: try request.version(),
                architecture: try request.architecture(), source: try request.sourceVersion(),
                fileName: new.urls.first?.fileName ?? "", expectedDigest: new.sha256)
            let made = try await control.addPayload(
                upload, at: new.urls, by: request.caller, describe: PayloadInspection.describe)
            return try APIRequest.answer(presenter(request).payload(made), status: .created)
        }
        on(.get, path, router) { request in
            let progress = try await control.fetchProgress(
                of: request.version(), request.architecture(), source: request.sourceVersion(),
                in: request.application().id, by: request.caller)
            return try APIRequest.answer(
                FetchState(url: progress?.url, received: progress?.received ?? 0, size: progress?.size))
        }
    }

    /// Streams the body into the store. A piece is taken from the connection when the one before is written.
    private func upload(_ request: APIRequest) async throws -> Payload {
        let application = try await request.application()
        let architecture = try request.architecture()
        let version = try request.version()
        let part = try UploadHeaders.part(request.request.headers)
        var upload = PayloadUpload(
            application: application.id, version: version, architecture: architecture,
            source: try request.sourceVersion(),
            fileName: try UploadHeaders.fileName(
                request.parameter("name"), version: version, architecture: architecture),
            declaredSize: part?.total ?? request.request.headers[.contentLength].flatMap { UInt64($0) },
            expectedDigest: try UploadHeaders.digest(request.request.headers))
        upload.offset = part?.offset ?? 0
        let made = upload
        var body = request.request.body.makeAsyncIterator()
        return try await control.addPayload(made, by: request.caller, describe: PayloadInspection.describe) {
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

    /// Where an upload goes on that broke off: `Content-Range: bytes FIRST-LAST/TOTAL`, up to the end.
    ///
    /// Source: RFC 9110, sections 14.4 and 14.5.
    static func part(_ headers: HTTPFields) throws(RequestError) -> (offset: UInt64, total: UInt64)? {
        guard let text = headers[.contentRange] else { return nil }
        let wanted = "bytes FIRST-LAST/TOTAL, up to the end of the file"
        guard text.hasPrefix("bytes ") else {
            throw .invalidParameter(name: "Content-Range", value: text, wanted: wanted)
        }
        let numbers = text.dropFirst("bytes ".count).split(separator: "/", omittingEmptySubsequences: false)
        let ends = numbers[0].split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]),
            let total = UInt64(numbers[1]), first <= last, last < UInt64.max, last + 1 == total
        else { throw .invalidParameter(name: "Content-Range", value: text, wanted: wanted) }
        return (first, total)
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
