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
}
