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

@Suite("Roll-outs, from the API to the wire and back")
struct RolloutTests {
    private static let group = "/api/v1/applications/flatcar/groups/web"
    private static let machine = "/api/v1/applications/flatcar/machines/m1"

    private func send(
        _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil
    ) async throws -> TestResponse {
        try await client.execute(
            uri: path, method: method, headers: body == nil ? [:] : [.contentType: "application/json"],
            body: body.map { ByteBuffer(string: $0) })
    }

    private func ask(
        _ client: any TestClientProtocol, machine: String = "m1", boot: String = "b1", event: String = ""
    ) async throws -> OmahaResponse.UpdateCheck {
        let body = """
            <request protocol="3.0" version="martletd-1.0.0"><app appid="\(TestServer.application)" version="3000.0.0" \
            track="stable" machineid="\(machine)" bootid="\(boot)" engine="martletd/1.0.0"><updatecheck/>\(event)</app>\
            </request>
            """
        let response = try await client.execute(uri: "/v1/update/", method: .post, body: ByteBuffer(string: body))
        return try #require(try OmahaResponse(xml: response.body.readableBytesView).apps.first?.updateCheck)
    }

    @Test("a whole policy goes in and comes out; null takes a part away, and what is left out stays")
    func policies() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let edit = """
                {"labels":"role=web","policy":{"ramp":{"linearSeconds":3600},"rate":{"maximum":5,"seconds":60},
                "canary":{"size":2,"soakSeconds":60,"labels":"role=canary"},"windows":["mon-fri 22:00-06:00"],
                "stageDeadlines":{"downloading":600},
                "brakes":{"failurePercent":5,"silent":2,"timeOuts":{"downloading":3}}}}
                """
            let edited = try await send(client, .patch, Self.group, edit).json(GroupResource.self)
            #expect(edited.labels?.text == "role=web")
            #expect(edited.policy.ramp == .linear(seconds: 3600))
            #expect(edited.policy.windows?.map(\.window.description) == ["mon,tue,wed,thu,fri 22:00-06:00 UTC"])
            #expect(edited.policy.canary?.labels?.text == "role=canary")
            #expect(edited.policy.brakes?.failureSample == 10)
            #expect(edited.policy.stopAfterFailures == 3)
            let next =
                #"{"policy":{"ramp":{"steps":[{"afterSeconds":0,"percent":100}]},"rate":null,"brakes":{"silent":null}}}"#
            let changed = try await send(client, .patch, Self.group, next).json(GroupResource.self).policy
            #expect(changed.ramp == .steps([Ramp.Step(afterSeconds: 0, percent: 100)]))
            #expect(changed.rate == nil)
            #expect(changed.brakes?.silent == nil)
            #expect(changed.brakes?.failurePercent == 5)
            #expect(changed.canary?.size == 2)
        }
    }

    @Test(
        "what makes no sense is a problem that says why",
        arguments: [
            (#"{"policy":{"ramp":{"linearSeconds":0}}}"#, "A ramp takes from 1 second to one year."),
            (#"{"policy":{"minimumVersion":"zebra"}}"#, "zebra cannot be a minimum"),
            (#"{"policy":{"downgrade":"maybe"}}"#, "The field policy.downgrade"),
            (#"{"policy":{"windows":["sometimes"]}}"#, "The field policy.windows"),
            (#"{"policy":{"after":{"group":"nowhere"}}}"#, "There is no group “nowhere”."),
            (#"{"policy":{"after":{"group":"web"}}}"#, "would wait for itself"),
            (#"{"labels":"a=b=c,"}"#, "The field labels"),
        ])
    func nonsense(edit: String, words: String) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let response = try await send(client, .patch, Self.group, edit)
            #expect((400..<500).contains(response.status.code))
            #expect(try response.json(Problem.self).detail.contains(words))
        }
    }

    @Test("a machine that the ramp holds is told when, on the wire, in why, and added up in the group's holds")
    func holdsAreTold() async throws {
        let server = TestServer()
        var policy = RolloutPolicy()
        policy.ramp = .steps([Ramp.Step(afterSeconds: 86_400, percent: 100)])
        _ = try await server.publish(policy: policy)
        try await server.test { client in
            let told = try await ask(client)
            #expect(told.hold?.reason == "ramp")
            let until = try #require(told.hold?.until)
            _ = try await ask(client, machine: "m2")
            let why = try await send(client, .get, Self.machine + "/why").json(WhyResource.self)
            #expect(why.reason == "ramp")
            #expect(why.until.map { Double($0.seconds(since: .epoch)) } == until.timeIntervalSince1970.rounded(.down))
            let holds = try await send(client, .get, Self.group + "/holds").json(ListPage<GroupHoldResource>.self)
            #expect(holds.items.map(\.reason) == ["ramp"])
            #expect(holds.items.map(\.machines) == [2])
            #expect(holds.items.first?.until == why.until)
            let list = try await send(client, .get, "/api/v1/machines?hold=ramp&limit=1").json(
                ListPage<MachineResource>.self)
            #expect(list.total == 2)
            #expect(try await send(client, .get, "/api/v1/machines?hold=nonsense").status == .badRequest)
        }
    }

    @Test("machines outside the group's hours are told when these begin, and so is whoever asks for the group")
    func hoursAreTold() async throws {
        let server = TestServer()
        var policy = RolloutPolicy()
        let minute = Int(Date().timeIntervalSince1970 / 60)
        policy.windows = [OfferWindow(fromMinute: (minute + 120) % 1440, toMinute: (minute + 179) % 1440 + 1)]
        _ = try await server.publish(policy: policy)
        try await server.test { client in
            #expect(try await ask(client).hold?.reason == "outside-window")
            let why = try await send(client, .get, Self.machine + "/why").json(WhyResource.self)
            let holds = try await send(client, .get, Self.group + "/holds").json(ListPage<GroupHoldResource>.self)
            #expect(why.until != nil)
            #expect(holds.items.map(\.until) == [why.until])
        }
    }

    @Test("pause, resume, abort: the group says who and why, and a staged machine is told to give the release up")
    func acts() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            #expect(try await ask(client).status == .ok)
            let paused = try await send(client, .post, Self.group + "/pause", #"{"reason":"lunch"}"#)
            #expect(try paused.json(GroupResource.self).rollout?.state == .paused)
            #expect(try paused.json(GroupResource.self).rollout?.control?.reason == "lunch")
            #expect(try await ask(client, machine: "m2").hold?.reason == "rollout-paused")
            #expect(try await send(client, .post, Self.group + "/pause", "{}").status == .conflict)
            let resumed = try await send(client, .post, Self.group + "/resume", "{}")
            #expect(try resumed.json(GroupResource.self).rollout?.state == .running)
            #expect(try await send(client, .post, Self.group + "/resume", "{}").status == .conflict)
            _ = try await ask(client, event: #"<event eventtype="3" eventresult="1"/>"#)
            let aborted = try await send(client, .post, Self.group + "/abort", #"{"reason":"it eats disks"}"#)
            #expect(try aborted.json(GroupResource.self).rollout?.state == .aborted)
            let act = try #require(try await ask(client).act)
            #expect(act.name == .unstage)
            #expect(act.text == "it eats disks")
            let done = #"<event eventtype="41" eventresult="1" act_id="\#(act.id)"/>"#
            #expect(try await ask(client, event: done).act == nil)
            #expect(try await send(client, .get, Self.machine).json(MachineResource.self).grantedVersion == nil)
        }
    }

    @Test("a group goes back to what its channel pointed at before, and follows it again")
    func undo() async throws {
        let server = TestServer()
        _ = try await server.publish("3000.0.0")
        try await server.test { client in
            let refused = try await send(client, .post, Self.group + "/undo", "{}")
            #expect(refused.status == .conflict)
            #expect(try refused.json(Problem.self).detail.contains("had no other release before"))
        }
        let application = try ApplicationID(TestServer.application)
        _ = try await server.control.createRelease(Version("4000.0.0"), of: application, notes: "", by: .local)
        var chunks = [TinyPayload.full(blobByteCount: 4096)]
        let upload = PayloadUpload(
            application: application, version: try Version("4000.0.0"), architecture: .amd64, fileName: "payload.crau")
        _ = try await server.control.addPayload(upload, by: .local, describe: PayloadInspection.describe) {
            chunks.popLast()
        }
        _ = try await server.control.setChannel(
            ChannelName("stable"), of: application, to: Version("4000.0.0"), by: .local)
        try await server.test { client in
            let undone = try await send(client, .post, Self.group + "/undo", #"{"reason":"slow"}"#).json(
                GroupResource.self)
            #expect(undone.undo?.from.text == "4000.0.0")
            #expect(undone.undo?.to.text == "3000.0.0")
            #expect(try await ask(client).status == .noUpdate)
            let ended = try await send(client, .delete, Self.group + "/undo").json(GroupResource.self)
            #expect(ended.undo == nil)
            #expect(try await ask(client).status == .ok)
            #expect(try await send(client, .delete, Self.group + "/undo").status == .conflict)
        }
    }

    @Test("a machine is labelled, held, pinned and freed; clones are shown and counted")
    func machines() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            #expect(try await send(client, .patch, Self.machine, #"{"held":true}"#).status == .notFound)
            _ = try await ask(client)
            let edit = #"{"labels":{"role":"web","zone":"eu"},"held":true,"reason":"new disk"}"#
            let held = try await send(client, .patch, Self.machine, edit).json(MachineResource.self)
            #expect(held.labels == ["role": "web", "zone": "eu"])
            #expect(held.heldBy?.reason == "new disk")
            #expect(try await ask(client).hold?.reason == "held-by-operator")
            let freed = try await send(client, .patch, Self.machine, #"{"labels":{"zone":null},"held":false}"#)
            #expect(try freed.json(MachineResource.self).labels == ["role": "web"])
            #expect(try await ask(client).status == .ok)
            let pin = try await send(client, .patch, Self.machine, #"{"pin":"9.9.9"}"#)
            #expect(pin.status == .notFound)
            for label in [#"{"a b":"c"}"#, #"{"a":""}"#] {
                #expect(try await send(client, .patch, Self.machine, #"{"labels":\#(label)}"#).status.code == 422)
            }
            for boot in ["b1", "b2", "b1", "b2"] { _ = try await ask(client, boot: boot) }
            let clone = try await send(client, .get, Self.machine).json(MachineResource.self).clone
            #expect(clone?.boots.sorted() == ["b1", "b2"])
            #expect(try await send(client, .get, Self.group).json(GroupResource.self).machines.clones == 1)
            let list = try await send(client, .get, "/api/v1/machines?clones=true").json(ListPage<MachineResource>.self)
            #expect(list.items.map(\.id.rawValue) == ["m1"])
        }
    }

    @Test("a release is blocked and unblocked; the machine is told, and the release shows who and why")
    func blocks() async throws {
        let server = TestServer()
        _ = try await server.publish()
        let releases = "/api/v1/applications/flatcar/releases"
        let block = releases + "/4000.0.0/block"
        try await server.test { client in
            #expect(try await send(client, .delete, block).status == .conflict)
            #expect((400..<500).contains(try await send(client, .post, block, "{}").status.code))
            #expect(try await ask(client).status == .ok)
            let blocked = try await send(client, .post, block, #"{"reason":"it eats disks"}"#)
            #expect(blocked.status == .ok)
            #expect(try blocked.json(ReleaseResource.self).block?.reason == "it eats disks")
            #expect(try await ask(client).hold?.reason == "release-blocked")
            let shown = try await send(client, .get, releases)
            #expect(try shown.json(ListPage<ReleaseResource>.self).items.first?.block?.reason == "it eats disks")
            #expect(try await send(client, .post, block, #"{"reason":"again"}"#).status == .conflict)
            let freed = try await send(client, .delete, block).json(ReleaseResource.self)
            #expect(freed.block == nil)
            #expect(try await ask(client).status == .ok)
        }
    }

    @Test("the clock is shown, and accepted only where it jumped")
    func clock() async throws {
        try await TestServer().test { client in
            let clock = try await send(client, .get, "/api/v1/clock").json(ClockResource.self)
            #expect(clock.trusted)
            #expect(clock.jumpSeconds == nil)
            #expect(try await send(client, .post, "/api/v1/clock/accept", "{}").status == .conflict)
        }
    }
}
