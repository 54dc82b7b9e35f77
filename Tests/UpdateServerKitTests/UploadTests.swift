import ContentTrust
import FleetAPI
import FleetOperations
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Payload uploads")
struct UploadTests {
    static let place = "/api/v1/applications/flatcar/releases/4000.0.0/payloads/arm64"

    @Test(
        "what is no whole payload is refused, and nothing of it is kept",
        arguments: [
            [], Array("not a payload".utf8), Array("CrAU".utf8),
            Array(TinyPayload.full(blobByteCount: 4096).dropLast()),
            TinyPayload.full(blobByteCount: 4096) + [0], Array(TinyPayload.full(blobByteCount: 4096).prefix(40)),
            Array("CrAU".utf8) + [UInt8](repeating: 0xFF, count: 100), TinyPayload.delta(blobByteCount: 4096),
        ])
    func refused(bits: [UInt8]) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(uri: Self.place, method: .put, body: ByteBuffer(bytes: bits))
            #expect(response.status == .unprocessableContent)
            #expect(try !response.json(Problem.self).detail.isEmpty)
            let digest = StreamDigest.digest(of: bits)
            #expect(try await client.execute(uri: "/payloads/\(digest)/p", method: .get).status == .notFound)
        }
    }

    @Test("a digest that the sender names must be that of the bits", arguments: [true, false])
    func digest(isRight: Bool) async throws {
        let server = TestServer()
        _ = try await server.publish()
        let application = try ApplicationID(TestServer.application)
        _ = try await server.control.createRelease(Version("5.0.0"), of: application, notes: "", by: .local)
        let place = "/api/v1/applications/flatcar/releases/5.0.0/payloads/arm64"
        let bits = TinyPayload.full(blobByteCount: 12_288)
        let digest = StreamDigest.digest(of: isRight ? bits : [1])
        let field = "sha-512=:AAAA:, sha-256=:\(Data(digest.bytes).base64EncodedString()):"
        try await server.test { client in
            for (name, value) in [("Repr-Digest", field), ("X-Content-SHA256", digest.hexadecimal)] {
                var fields = HTTPFields()
                fields[try #require(HTTPField.Name(name))] = value
                let response = try await client.execute(
                    uri: place, method: .put, headers: fields, body: ByteBuffer(bytes: bits))
                #expect(response.status == (isRight ? .created : .unprocessableContent))
                let deleted = try await client.execute(uri: place, method: .delete)
                #expect(deleted.status == (isRight ? .noContent : .notFound))
            }
        }
    }

    @Test("a delta is taken with the version it starts from")
    func delta() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let bits = ByteBuffer(bytes: TinyPayload.delta(blobByteCount: 4096))
            let response = try await client.execute(uri: Self.place + "?source=3000.0.0", method: .put, body: bits)
            #expect(response.status == .created)
            #expect(try response.json(PayloadResource.self).source?.text == "3000.0.0")
        }
    }

    @Test(
        "a file name that could be anything but a name is refused", arguments: ["..", ".x", "a%2Fb", "a%20b", "a%22"])
    func fileName(name: String) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(
                uri: Self.place + "?name=\(name)", method: .put,
                body: ByteBuffer(bytes: TinyPayload.full(blobByteCount: 4096)))
            #expect(response.status == .badRequest)
        }
    }

    private struct Broken: Error {}

    @Test("an upload that broke off says how far it came, and its rest makes it whole; another beginning is a conflict")
    func goesOn() async throws {
        let server = TestServer()
        _ = try await server.publish()
        let bits = TinyPayload.full(blobByteCount: 12_288)
        let digest = StreamDigest.digest(of: bits)
        _ = try await server.addEmptyRelease("5.0.0")
        let place = "/api/v1/applications/flatcar/releases/5.0.0/payloads/arm64"
        var isSent = false
        await #expect(throws: OperationError.self) {
            let upload = PayloadUpload(
                application: try server.flatcar, version: try Version("5.0.0"), architecture: .arm64, fileName: "x",
                declaredSize: UInt64(bits.count), expectedDigest: digest)
            _ = try await server.control.addPayload(upload, by: .local, describe: PayloadInspection.describe) {
                if isSent { throw Broken() }
                isSent = true
                return Array(bits.prefix(5000))
            }
        }
        try await server.test { client in
            let state = try await client.execute(uri: place + "/upload?sha256=\(digest)", method: .get)
            #expect(try state.json(UploadState.self).received == 5000)
            #expect(try await client.execute(uri: place + "/upload?sha256=x", method: .get).status == .badRequest)
            func put(_ offset: Int, _ range: String? = nil) async throws -> TestResponse {
                var fields: HTTPFields = [
                    .contentRange: range ?? "bytes \(offset)-\(bits.count - 1)/\(bits.count)"
                ]
                fields[try #require(HTTPField.Name("X-Content-SHA256"))] = digest.hexadecimal
                return try await client.execute(
                    uri: place, method: .put, headers: fields, body: ByteBuffer(bytes: bits.dropFirst(offset)))
            }
            let early = try await put(4000)
            #expect(early.status == .conflict)
            #expect(early.headers[.retryAfter] != nil, "asked again, it goes on where it was")
            for range in ["bytes 5000-6000/\(bits.count)", "bytes */5", "5000-", "bytes 9-5/6", "bytes 1-2-3/4"] {
                #expect(try await put(5000, range).status == .badRequest, "\(range)")
            }
            #expect(try await put(5000).status == .created)
            let whole = try await client.execute(uri: "/payloads/\(digest)/x", method: .get)
            #expect(Array(whole.body.readableBytesView) == bits)
            let unnamed = try await client.execute(
                uri: place.replacing("arm64", with: "amd64"), method: .put,
                headers: [.contentRange: "bytes 5-9/10"], body: ByteBuffer(bytes: [1, 2, 3, 4, 5]))
            #expect(unnamed.status == .unprocessableContent)
            let twice = try await put(0, "bytes 0-\(bits.count - 1)/\(bits.count)")
            #expect(twice.status == .conflict)
            #expect(twice.headers[.retryAfter] == nil, "that there is one does not pass")
        }
    }
}
