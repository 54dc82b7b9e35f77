import FleetAPI
import FleetModel
import FleetOperations
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Two people who edit at once")
struct EntityTagTests {
    private static let group = "/api/v1/applications/flatcar/groups/web"
    private static let channel = "/api/v1/applications/flatcar/channels/stable"

    private func send(
        _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
        ifMatch tag: String? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
        headers[.ifMatch] = tag
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }

    @Test("the second of two who saw the same policy gets a conflict, and nothing of theirs is written")
    func policies() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let seen = try #require(try await send(client, .get, Self.group).headers[.eTag])
            let first = try await send(client, .patch, Self.group, #"{"policy":{"maxInProgress":5}}"#, ifMatch: seen)
            #expect(first.status == .ok)
            let second = try await send(client, .patch, Self.group, #"{"policy":{"enabled":false}}"#, ifMatch: seen)
            #expect(second.status == .preconditionFailed)
            #expect(second.headers[.contentType] == Problem.mediaType)
            let now = try await send(client, .get, Self.group)
            #expect(try now.json(GroupResource.self).policy.enabled)
            #expect(now.headers[.eTag] == first.headers[.eTag])
            #expect(try now.json(GroupResource.self).etag == now.headers[.eTag])
            let again = try await send(
                client, .patch, Self.group, #"{"policy":{"enabled":false}}"#, ifMatch: now.headers[.eTag])
            #expect(again.status == .ok)
        }
    }

    @Test("of two who act on the same sight of a roll-out the second acts on nothing; counters do not change the tag")
    func rollouts() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            func tag() async throws -> String {
                try #require(try await send(client, .get, Self.group).json(GroupResource.self).rolloutTag)
            }
            let running = try await tag()
            _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: "m1"))
            #expect(try await tag() == running)
            #expect(try await send(client, .post, Self.group + "/pause", "{}", ifMatch: running).status == .ok)
            let stale = try await send(client, .post, Self.group + "/abort", "{}", ifMatch: running)
            #expect(stale.status == .preconditionFailed)
            let paused = try await tag()
            #expect(paused != running)
            #expect(try await send(client, .post, Self.group + "/resume", ifMatch: running).status == .preconditionFailed)
            #expect(try await send(client, .post, Self.group + "/resume", ifMatch: paused).status == .ok)
            #expect(try await tag() == running)
            for (method, path) in [(HTTPRequest.Method.post, "/undo"), (.delete, "/undo")] {
                let refused = try await send(client, method, Self.group + path, "{}", ifMatch: paused)
                #expect(refused.status == .preconditionFailed)
            }
            #expect(try await send(client, .post, Self.group + "/abort", "{}", ifMatch: running).status == .ok)
        }
    }

    @Test("of two who set the same machine the second gets a conflict; what it reports does not change the tag")
    func machines() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            for _ in 0..<2 {
                _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: "m1"))
            }
            let path = "/api/v1/applications/flatcar/machines/m1"
            let seen = try await send(client, .get, path)
            let tag = try #require(seen.headers[.eTag])
            #expect(try seen.json(MachineResource.self).etag == tag)
            let first = try await send(client, .patch, path, #"{"labels":{"role":"web"}}"#, ifMatch: tag)
            #expect(first.status == .ok)
            #expect(first.headers[.eTag] != tag)
            let second = try await send(client, .patch, path, #"{"held":true}"#, ifMatch: tag)
            #expect(second.status == .preconditionFailed)
            #expect(try await send(client, .get, path).json(MachineResource.self).heldBy == nil)
            #expect(try await send(client, .patch, path, #"{"held":true}"#).status == .ok)
        }
    }

    @Test("a check-in is no edit: the tag stays")
    func counters() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let before = try await send(client, .get, Self.group).headers[.eTag]
            _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: "m1"))
            let after = try await send(client, .get, Self.group)
            #expect(try after.json(GroupResource.self).machines.total == 1)
            #expect(after.headers[.eTag] == before)
        }
    }

    @Test("a channel that was moved meanwhile is neither set, promoted nor deleted on what was seen")
    func channels() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let seen = try #require(try await send(client, .get, Self.channel).headers[.eTag])
            let same = try await send(client, .put, Self.channel, #"{"version":"4000.0.0"}"#, ifMatch: seen)
            #expect(same.status == .ok && same.headers[.eTag] == seen, "it points there already")
            let target = #"{"version":"\#(try await server.addRelease("5000.0.0"))"}"#
            #expect(try await send(client, .put, Self.channel, target, ifMatch: seen).status == .ok)
            for (method, path, body) in [
                (HTTPRequest.Method.put, Self.channel, target), (.post, Self.channel + "/promote", #"{"to":"beta"}"#),
                (.delete, Self.channel, nil), (.put, "/api/v1/applications/flatcar/channels/none", target),
            ] as [(HTTPRequest.Method, String, String?)] {
                #expect(try await send(client, method, path, body, ifMatch: seen).status == .preconditionFailed)
            }
            #expect(try await send(client, .put, Self.channel, target, ifMatch: "*").status == .ok)
        }
    }

    @Test("changes of different fields without a condition are all kept, however many come at once")
    func merging() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        let (control, group) = (server.control, try GroupName("web"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for change in 0..<4 {
                tasks.addTask {
                    var edit = GroupChange()
                    switch change {
                    case 0: edit.maximumInProgress = .some(7)
                    case 1: edit.stopAfterFailures = .some(9)
                    case 2: edit.stageDeadlineSeconds = 7200
                    default: edit.isEnabled = false
                    }
                    _ = try await control.changeGroup(group, of: payload.application, edit, by: .local)
                }
            }
            try await tasks.waitForAll()
        }
        let policy = try await control.group(group, of: payload.application, by: .local).policy
        #expect(policy.maximumInProgress == 7 && policy.stopAfterFailures == 9)
        #expect(policy.stageDeadlineSeconds == 7200 && !policy.isEnabled)
    }
}
