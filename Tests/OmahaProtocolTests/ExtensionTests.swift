import FoundationEssentials
import OmahaProtocol
import Testing
import UpdateModel

/// The attributes that are ours, as `docs/protocols/omaha-extensions.md` shows them.
@Suite("Extensions")
struct ExtensionTests {
    @Test("a held machine is told why, and until when")
    func hold() {
        let hold = OmahaHold(
            reason: "ramp", text: "37 % of the group are updated first.",
            until: Date(timeIntervalSince1970: 1_795_312_800))
        let app = OmahaResponse.App(id: "a", updateCheck: .noUpdate(pollIntervalSeconds: 2700, hold: hold))
        let text = String(decoding: OmahaResponse(apps: [app]).xml(), as: UTF8.self)
        #expect(
            text.contains(
                """
                <updatecheck status="noupdate" PollInterval="2700" hold="ramp" \
                hold_text="37 % of the group are updated first." hold_until="2026-11-22T02:00:00Z">\
                <urls></urls></updatecheck>
                """))
    }

    @Test("a time that has no RFC 3339 form is not written", arguments: [-1, 253_402_300_800, .infinity, .nan, 1e300])
    func strangeTime(seconds: Double) throws {
        let hold = OmahaHold(reason: "ramp", until: Date(timeIntervalSince1970: seconds))
        let app = OmahaResponse.App(id: "a", updateCheck: .noUpdate(hold: hold))
        let back = try OmahaResponse(xml: OmahaResponse(apps: [app]).xml())
        #expect(back.apps.first?.updateCheck?.hold == OmahaHold(reason: "ramp"))
    }

    @Test("a machine that fell back says from what, and why")
    func failure() throws {
        let digest = try #require(SHA256Digest(bytes: [UInt8](repeating: 0xAB, count: 32)))
        var app = OmahaRequest.App(id: "a", version: "2.0.0", track: "stable", machineID: Recorded.machine)
        app.bootedSlot = .a
        app.engine = "martletd/1.0.0"
        app.events = [
            .rolledBack(from: "3.0.0", digest: digest, reason: "health gate: exit status 1", flags: .testOmahaURL)
        ]
        let text = String(decoding: OmahaRequest(version: "martletd-1.0.0", apps: [app]).xml(), as: UTF8.self)
        #expect(text.contains(#"delta_okay="false" booted_slot="a" engine="martletd/1.0.0" >"#))
        #expect(
            text.contains(
                """
                <event eventtype="3" eventresult="0" errorcode="268435500" reason="health gate: exit status 1" \
                failed_version="3.0.0" failed_digest="\(String(repeating: "ab", count: 32))"></event>
                """))
    }

    @Test("an extension that cannot be read counts as absent")
    func unreadable() throws {
        let text = "<request><app appid=\"a\" booted_slot=\"c\"><event failed_digest=\"zz\"/></app></request>"
        let app = try #require(try OmahaRequest(xml: text.bytes).apps.first)
        #expect(app.bootedSlot == nil)
        #expect(app.events.first?.failedDigest == nil)
    }

    @Test("a machine is told an act, with a name of its own and why")
    func act() throws {
        let act = OmahaAct(.rollback, id: "9f86d081884c7d65", text: "3.1 loses its network")
        let hold = OmahaHold(reason: "rollback-pending")
        let app = OmahaResponse.App(id: "a", updateCheck: .noUpdate(hold: hold, act: act))
        let bytes = OmahaResponse(apps: [app]).xml()
        #expect(
            String(decoding: bytes, as: UTF8.self).contains(
                """
                <updatecheck status="noupdate" hold="rollback-pending" act="rollback" act_id="9f86d081884c7d65" \
                act_text="3.1 loses its network"><urls></urls></updatecheck>
                """))
        let answer = try OmahaResponse(xml: bytes).answer(for: try ApplicationID("a"))
        #expect(answer == .noUpdate(pollInterval: nil, hold: hold, act: act))
    }

    @Test(
        "an act without a name, or without an id that can be kept, is none",
        arguments: [
            #"act_id="1""#, #"act="" act_id="1""#, #"act="rollback""#, #"act="rollback" act_id="""#,
            #"act="rollback" act_id="\#(String(repeating: "1", count: 65))""#,
        ])
    func uselessAct(attributes: String) throws {
        let text = #"<response><app appid="a"><updatecheck status="noupdate" \#(attributes)/></app></response>"#
        let check = try #require(try OmahaResponse(xml: text.bytes).apps.first?.updateCheck)
        #expect(check.status == .noUpdate)
        #expect(check.act == nil)
    }

    @Test("an act that this program does not know is told as it is")
    func unknownAct() throws {
        let text =
            #"<response><app appid="a"><updatecheck status="noupdate" act="dance" act_id="1"/></app></response>"#
        let answer = try OmahaResponse(xml: text.bytes).answer(for: try ApplicationID("a"))
        #expect(answer == .noUpdate(pollInterval: nil, hold: nil, act: OmahaAct(.init(rawValue: "dance"), id: "1")))
    }

    @Test("a machine answers an act by its id: begun, done, or refused with its reason")
    func actAnswers() throws {
        var app = OmahaRequest.App(id: "a", version: "2.0.0", track: "stable", machineID: Recorded.machine)
        app.events = [
            .actBegun("7"), .actDone("7"), .actRefused("7", reason: "Slot b holds nothing good to go back to."),
        ]
        let bytes = OmahaRequest(version: "martletd-1.0.0", apps: [app]).xml()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#"<event eventtype="40" eventresult="1" act_id="7"></event>"#))
        #expect(text.contains(#"<event eventtype="41" eventresult="1" act_id="7"></event>"#))
        #expect(
            text.contains(
                #"eventtype="41" eventresult="0" reason="Slot b holds nothing good to go back to." act_id="7">"#))
        #expect(try OmahaRequest(xml: bytes).apps.first?.events == app.events)
    }

    @Test("an offer says when an operator gave the release free")
    func liftedHold() throws {
        let digest = try #require(SHA256Digest(bytes: [UInt8](repeating: 0xAB, count: 32)))
        var check = OmahaResponse.UpdateCheck.offer(
            version: "3.0.0", codebases: ["http://a/"], payload: .init(name: "p", size: 1, sha1Base64: ""),
            digest: digest)
        check.isHoldLifted = true
        let bytes = OmahaResponse(apps: [.init(id: "a", updateCheck: check)]).xml()
        #expect(String(decoding: bytes, as: UTF8.self).contains(#"<updatecheck status="ok" hold_lifted="true">"#))
        guard case .offer(let offer) = try OmahaResponse(xml: bytes).answer(for: try ApplicationID("a")) else {
            Issue.record("not an offer")
            return
        }
        #expect(offer.isHoldLifted)
    }
}
