import FleetAPI
import FleetModel
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OmahaProtocol
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Floors, from the API to the wire")
struct FloorTests {
    private static let release = "/api/v1/applications/flatcar/releases/3500.0.0"

    private func ask(_ client: any TestClientProtocol, _ version: String) async throws -> OmahaResponse.UpdateCheck {
        let body = """
            <request protocol="3.0" version="update_engine-0.4.10"><app appid="\(TestServer.application)" \
            version="\(version)" track="stable" machineid="m1" bootid="on-\(version)"><updatecheck/></app></request>
            """
        let response = try await client.execute(uri: "/v1/update/", method: .post, body: ByteBuffer(string: body))
        return try #require(try OmahaResponse(xml: response.body.readableBytesView).apps.first?.updateCheck)
    }

    private func send(
        _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String = "{}"
    ) async throws -> TestResponse {
        try await client.execute(
            uri: path, method: method, headers: [.contentType: "application/json"], body: ByteBuffer(string: body))
    }

    @Test("a stock machine below a floor is offered the floor, then the target; a hold and the group name the floor")
    func fromTheAPIToTheWire() async throws {
        let server = TestServer()
        _ = try await server.publish()
        _ = try await server.addRelease("3500.0.0")
        try await server.test { client in
            let made = try await send(
                client, .post, Self.release + "/floor", #"{"reason":"new keys","channels":["stable"]}"#)
            #expect(try made.json(ReleaseResource.self).floor?.reason == "new keys")
            let group = "/api/v1/applications/flatcar/groups/web"
            _ = try await send(client, .post, group + "/pause")
            let held = try await ask(client, "3000.0.0")
            #expect(held.hold?.reason == "rollout-paused")
            #expect(held.hold?.text?.hasSuffix("It passes the floor 3500.0.0 first.") == true)
            _ = try await send(client, .post, group + "/resume")
            #expect(try await ask(client, "3000.0.0").manifests.first?.version == "3500.0.0")
            let shown = try await client.execute(uri: group, method: .get).json(GroupResource.self)
            #expect(shown.floors?.map(\.version.text) == ["3500.0.0"])
            #expect(shown.floors?.first?.rollout?.inProgress == 1)
            #expect(try await ask(client, "3500.0.0").manifests.first?.version == "4000.0.0")
            let text = String(buffer: try await client.execute(uri: "/metrics", method: .get).body)
            #expect(
                text.contains(
                    #"martlet_rollout_completed_total{application="flatcar",group="web",version="3500.0.0"} 1"#))
            #expect(try await send(client, .delete, Self.release + "/floor").json(ReleaseResource.self).floor == nil)
            #expect(try await send(client, .delete, Self.release + "/floor").status == .conflict)
            #expect(try await send(client, .post, Self.release + "/floor").status == .unprocessableContent)
            let nowhere = #"{"reason":"x","channels":["nowhere"]}"#
            #expect(try await send(client, .post, Self.release + "/floor", nowhere).status == .notFound)
        }
    }
}
