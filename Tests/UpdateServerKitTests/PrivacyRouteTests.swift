import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import OmahaProtocol
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Private groups, on the wire as stock machines speak")
struct PrivacyRouteTests {
    private static let group = "/api/v1/applications/flatcar/groups/web"

    private func ask(_ client: any TestClientProtocol, _ path: String, _ headers: HTTPFields = [:]) async throws
        -> OmahaResponse.UpdateCheck
    {
        let body = """
            <request protocol="3.0" version="update_engine-0.4.10"><app appid="\(TestServer.application)" \
            version="3000.0.0" track="stable" machineid="m1" bootid="b1"><updatecheck/></app></request>
            """
        let response = try await client.execute(
            uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
        #expect(response.status == .ok)
        return try #require(try OmahaResponse(xml: response.body.readableBytesView).apps.first?.updateCheck)
    }

    private func basic(_ password: String) -> HTTPFields {
        [.authorization: "Basic " + Data("any:\(password)".utf8).base64EncodedString()]
    }

    @Test("the secret stands in the server's URL or is a password; the payload's URL has a pass; all else is refused")
    func secretInTheURL() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            let json: HTTPFields = [.contentType: "application/json"]
            let made = try await client.execute(
                uri: Self.group + "/secrets", method: .post, headers: json, body: ByteBuffer(string: "{}"))
            #expect(made.status == .created)
            let secret = try made.json(CreatedGroupSecret.self)
            for path in ["/v1/update", "/v1/update/", "/v1/update/wrong"] {
                #expect(try await ask(client, path).hold?.reason == "secret-required")
            }
            #expect(try await ask(client, "/v1/update", basic("wrong")).hold?.reason == "secret-required")
            #expect(try await ask(client, "/v1/update/", basic(secret.secret)).status == .ok)
            for path in ["/v1/update/\(secret.secret)", "/v1/update/\(secret.secret)/"] {
                let offer = try await ask(client, path)
                let url = try #require(offer.codebases.first)
                #expect(!url.contains(secret.secret))
                let place = try #require(url.firstRange(of: "/payloads/with/"))
                let passed = String(url[place.lowerBound...]) + payload.fileName
                let got = try await client.execute(uri: passed, method: .get, headers: [.range: "bytes=0-9"])
                #expect(got.status == .partialContent)
                #expect(got.headers[.cacheControl]?.hasPrefix("public") == true)
            }
            let plain = "/payloads/\(payload.sha256)/\(payload.fileName)"
            let wrong = "/payloads/with/\(String(repeating: "0", count: 32))/\(payload.sha256)/\(payload.fileName)"
            for path in [plain, wrong] {
                let refused = try await client.execute(uri: path, method: .get)
                #expect(refused.status == .unauthorized)
                #expect(refused.headers[.wwwAuthenticate]?.hasPrefix("Basic") == true)
            }
            let shown = try await client.execute(uri: plain, method: .get, headers: basic(secret.secret))
            #expect(shown.status == .ok)
            #expect(shown.headers[.cacheControl]?.hasPrefix("private") == true)
            let group = try await client.execute(uri: Self.group, method: .get)
            #expect(!String(buffer: group.body).contains(secret.secret))
            #expect(try group.json(GroupResource.self).secrets?.map(\.id) == [secret.id])
            let gone = Self.group + "/secrets/\(secret.id)"
            #expect(try await client.execute(uri: gone, method: .delete).status.code / 100 == 4)
            #expect(try await client.execute(uri: gone + "?open=perhaps", method: .delete).status == .badRequest)
            #expect(try await client.execute(uri: plain, method: .get).status == .unauthorized)
            #expect(try await client.execute(uri: gone + "?open=true", method: .delete).status == .noContent)
            #expect(try await client.execute(uri: gone, method: .delete).status == .notFound)
            #expect(try await client.execute(uri: plain, method: .get).status == .ok)
        }
    }

    @Test("what a machine reports without the secret is not acknowledged, for it is not recorded; with the secret it is")
    func reportsWithoutTheSecret() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let made = try await client.execute(
                uri: Self.group + "/secrets", method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(string: "{}"))
            let secret = try made.json(CreatedGroupSecret.self).secret
            for check in ["", "<updatecheck/>"] {
                let body = """
                    <request protocol="3.0"><app appid="\(TestServer.application)" version="3000.0.0" track="stable" \
                    machineid="m1" bootid="b1">\(check)<event eventtype="3" eventresult="0" errorcode="44"/></app></request>
                    """
                func app(_ path: String) async throws -> OmahaResponse.App {
                    let answer = try await client.execute(uri: path, method: .post, body: ByteBuffer(string: body))
                    #expect(answer.status == .ok)
                    return try #require(try OmahaResponse(xml: answer.body.readableBytesView).apps.first)
                }
                let refused = try await app("/v1/update/wrong")
                #expect(refused.eventStatuses.isEmpty)
                #expect(refused.status == (check.isEmpty ? .restricted : .ok))
                #expect(refused.updateCheck?.hold?.reason == (check.isEmpty ? nil : "secret-required"))
                #expect(try await app("/v1/update/\(secret)").eventStatuses == ["ok"])
            }
        }
    }

    @Test("a store that is busy puts a download off and says for how long")
    func busyStore() {
        let answer = PayloadRoutes.refusal(for: .store(.busy))
        #expect(answer?.status == .serviceUnavailable)
        #expect(answer?.headers[.retryAfter] != nil)
    }
}
