import FleetAPI
import FleetModel
import FleetOperations
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OmahaProtocol
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Rolling back one machine, from the API to the wire and back")
struct RollbackTests {
    private static let machine = "/api/v1/applications/flatcar/machines/m1"
    private static let engine = #"engine="martletd/1.0.0""#

    /// What the machine asks, and what it is told.
    private func ask(
        _ client: any TestClientProtocol, _ version: String = "4000.0.0", extra: String = engine, event: String = ""
    ) async throws -> OmahaResponse.UpdateCheck {
        let body = """
            <request protocol="3.0" version="martletd-1.0.0"><app appid="\(TestServer.application)" \
            version="\(version)" track="stable" machineid="m1" \(extra)><updatecheck/>\(event)</app></request>
            """
        let response = try await client.execute(uri: "/v1/update/", method: .post, body: ByteBuffer(string: body))
        return try #require(try OmahaResponse(xml: response.body.readableBytesView).apps.first?.updateCheck)
    }

    private func send(
        _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String = ""
    ) async throws -> TestResponse {
        try await client.execute(
            uri: Self.machine + path, method: method, headers: body.isEmpty ? [:] : [.contentType: "application/json"],
            body: ByteBuffer(string: body))
    }

    @Test("an order goes to the machine with its id and reason, and what becomes of it comes back")
    func wholeWay() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            #expect(try await ask(client).act == nil)
            let ordered = try await send(client, .post, "/rollback", #"{"reason":"it is slow"}"#)
            #expect(ordered.status == .ok)
            let rollback = try #require(try ordered.json(MachineResource.self).rollback)
            #expect(rollback.state == .pending)
            #expect(rollback.summary.hasPrefix("back from 4000.0.0, ordered by local (it is slow): waits for "))
            #expect(rollback.expiresAt == rollback.orderedAt.adding(seconds: 604_800))

            let told = try await ask(client)
            #expect(told.status == .noUpdate)
            #expect(told.act == OmahaAct(.rollback, id: rollback.id.rawValue, text: "it is slow"))
            #expect(told.hold?.reason == "rollback-pending")
            let begun = #"<event eventtype="40" eventresult="1" act_id="\#(rollback.id)"/>"#
            #expect(try await ask(client, event: begun).act?.id == rollback.id.rawValue)
            #expect(try await send(client, .get, "").json(MachineResource.self).rollback?.state == .begun)

            let back = try await ask(client, "3000.0.0")
            #expect(back.act == nil)
            #expect(back.hold?.reason == "rolled-back")
            let shown = try await send(client, .get, "").json(MachineResource.self)
            #expect(shown.rollback?.state == .done)
            #expect(shown.withheld?.map(\.text) == ["4000.0.0"])
            #expect(try await send(client, .get, "/why").json(WhyResource.self).reason == "rolled-back")

            let released = try await send(client, .post, "/release")
            #expect(try released.json(MachineResource.self).withheld == nil)
            let offer = try await ask(client, "3000.0.0")
            #expect(offer.status == .ok)
            #expect(offer.isHoldLifted)
        }
    }

    @Test("a machine that refuses is believed, and offered what it would be offered otherwise")
    func refusal() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            _ = try await ask(client, "3000.0.0")
            let id = try #require(
                try await send(client, .post, "/rollback", "{}").json(MachineResource.self).rollback).id
            _ = try await ask(client, "3000.0.0")
            let words = "Slot b holds nothing good to go back to."
            let event = #"<event eventtype="41" eventresult="0" act_id="\#(id)" reason="\#(words)"/>"#
            let offer = try await ask(client, "3000.0.0", event: event)
            #expect(offer.status == .ok)
            #expect(!offer.isHoldLifted)
            let rollback = try await send(client, .get, "").json(MachineResource.self).rollback
            #expect(rollback?.state == .refused)
            #expect(rollback?.outcome == words)
            #expect(rollback?.expiresAt == nil)
        }
    }

    @Test("an order is taken back before the machine hears of it")
    func withdrawn() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            _ = try await ask(client)
            _ = try await send(client, .post, "/rollback", "{}")
            let answer = try await send(client, .delete, "/rollback")
            #expect(try answer.json(MachineResource.self).rollback?.state == .withdrawn)
            #expect(try await ask(client).act == nil)
            #expect(try await send(client, .delete, "/rollback").status == .conflict)
        }
    }

    @Test("a stock machine cannot be ordered back, and the answer says why")
    func stockMachine() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            _ = try await ask(client, extra: "")
            let response = try await send(client, .post, "/rollback", "{}")
            #expect(response.status == .conflict)
            #expect(
                try response.json(Problem.self).detail
                    == "The machine “m1” takes no orders: its updater is not martletd. "
                    + "Roll it back on the machine itself.")
            #expect(try await ask(client, extra: "").act == nil)
        }
    }

    @Test(
        "an act id that is none is passed over, and the event is taken as any other",
        arguments: ["", "&lt;script&gt;", String(repeating: "9", count: 65), "of another server"])
    func strangeID(id: String) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            _ = try await ask(client)
            _ = try await send(client, .post, "/rollback", "{}")
            let event = #"<event eventtype="41" eventresult="1" act_id="\#(id)"/>"#
            #expect(try await ask(client, event: event).act != nil)
        }
    }

    @Test("orders need an admin, and a body that is JSON")
    func access() async throws {
        let server = TestServer(authentication: .token)
        _ = try await server.publish()
        let viewer = try await server.control.createToken(name: "eye", role: .viewer, by: .local)
        try await server.test { client in
            _ = try await ask(client)
            let acts = [("/rollback", HTTPRequest.Method.post), ("/rollback", .delete), ("/release", .post)]
            for (path, method) in acts {
                var headers: HTTPFields = [.contentType: "application/json"]
                let body = ByteBuffer(string: "{}")
                let stranger = try await client.execute(
                    uri: Self.machine + path, method: method, headers: headers, body: body)
                #expect(stranger.status == .unauthorized)
                headers[.authorization] = "Bearer \(viewer.secret)"
                let response = try await client.execute(
                    uri: Self.machine + path, method: method, headers: headers, body: body)
                #expect(response.status == .forbidden)
            }
        }
        let open = TestServer()
        _ = try await open.publish()
        try await open.test { client in
            _ = try await ask(client)
            #expect(try await send(client, .post, "/rollback").status == .unsupportedMediaType)
        }
    }
}
