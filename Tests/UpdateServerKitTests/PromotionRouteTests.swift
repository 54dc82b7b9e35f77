import FleetAPI
import FleetModel
import FleetOperations
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("How channels come to their releases, over the API")
struct PromotionRouteTests {
    private static let channels = "/api/v1/applications/flatcar/channels/"

    private func send(
        _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String = "{}",
        as secret: String
    ) async throws -> TestResponse {
        let headers: HTTPFields = [.contentType: "application/json", .authorization: "Bearer \(secret)"]
        return try await client.execute(
            uri: Self.channels + path, method: method, headers: headers, body: ByteBuffer(string: body))
    }

    @Test("a move waits with 202 for another token; what is asked, approved and moved is shown")
    func secondPerson() async throws {
        let server = TestServer(authentication: .token)
        _ = try await server.publish()
        let ada = try await server.control.createToken(name: "ada", role: .admin, by: .local).secret
        let bob = try await server.control.createToken(name: "bob", role: .admin, by: .local).secret
        try await server.test { client in
            let rule = try await send(client, .patch, "beta", #"{"secondPerson":true}"#, as: ada)
            #expect(try rule.json(ChannelResource.self).secondPerson == true)
            let asked = try await send(client, .post, "stable/promote", #"{"to":"beta","reason":"quiet"}"#, as: ada)
            #expect(asked.status == .accepted)
            #expect(try asked.json(ChannelResource.self).request?.by == "ada")
            let approval = #"{"version":"4000.0.0"}"#
            #expect(try await send(client, .post, "beta/approve", approval, as: ada).status == .forbidden)
            let other = #"{"version":"1.0.0"}"#
            #expect(try await send(client, .post, "beta/approve", other, as: bob).status == .conflict)
            let moved = try await send(client, .post, "beta/approve", approval, as: bob)
            #expect(moved.status == .ok)
            #expect(try moved.json(ChannelResource.self).version?.text == "4000.0.0")
            let moves = try await send(client, .get, "beta/moves", as: bob).json(ListPage<ChannelMoveResource>.self)
            #expect(moves.total == 1)
            #expect(moves.items.first?.by == "bob")
            #expect(moves.items.first?.request?.by == "ada")
            #expect(moves.items.first?.reason == "quiet")
            #expect(moves.items.first?.record?.running == 0)
            #expect(try await send(client, .delete, "beta/request", as: bob).status == .conflict)
            _ = try await send(client, .put, "beta", approval, as: bob)
            let gone = try await send(client, .delete, "beta/request?reason=no", as: ada)
            #expect(try gone.json(ChannelResource.self).request == nil)
        }
    }

    @Test("a channel shows whom it follows and why it does not move yet; a circle and nonsense are refused")
    func following() async throws {
        let server = TestServer(authentication: .token)
        _ = try await server.publish()
        let ada = try await server.control.createToken(name: "ada", role: .admin, by: .local).secret
        try await server.test { client in
            let rule = #"{"follows":{"channel":"stable","soakSeconds":86400}}"#
            let shown = try await send(client, .patch, "beta", rule, as: ada).json(ChannelResource.self)
            #expect(shown.follows == ChannelFollow(channel: try ChannelName("stable"), soakSeconds: 86_400, machines: 1))
            #expect(shown.following?.state == "soaking")
            #expect(shown.following?.until != nil)
            let circle = #"{"follows":{"channel":"beta","soakSeconds":0}}"#
            #expect(try await send(client, .patch, "stable", circle, as: ada).status == .conflict)
            let long = #"{"follows":{"channel":"stable","soakSeconds":99999999}}"#
            #expect(try await send(client, .patch, "beta", long, as: ada).status == .unprocessableContent)
            #expect(try await send(client, .delete, "stable", as: ada).status == .conflict)
            let alone = try await send(client, .patch, "beta", #"{"follows":null}"#, as: ada)
            #expect(try alone.json(ChannelResource.self).follows == nil)
            let tag = try #require(shown.etag)
            let stale = try await client.execute(
                uri: Self.channels + "beta", method: .patch,
                headers: [.contentType: "application/json", .authorization: "Bearer \(ada)", .ifMatch: tag],
                body: ByteBuffer(string: rule))
            #expect(stale.status == .preconditionFailed)
        }
    }
}
