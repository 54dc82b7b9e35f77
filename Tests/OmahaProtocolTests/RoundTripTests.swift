import OmahaProtocol
import Testing

/// What is written is read back as it was, whatever the texts hold. A failure names the seed that shows it again.
@Suite("Round trips")
struct RoundTripTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4, UInt64.random(in: 0 ... .max)]
    private static let rounds = 200

    @Test("a request survives being written and read", arguments: seeds)
    func request(seed: UInt64) throws {
        var messages = RandomMessages(seed: seed)
        for round in 0..<Self.rounds {
            let request = messages.request()
            let bytes = request.xml()
            let back = try OmahaRequest(xml: bytes)
            #expect(back == request, "seed \(seed), round \(round)")
            #expect(back.xml() == bytes, "seed \(seed), round \(round)")
        }
    }

    @Test("a response survives being written and read", arguments: seeds)
    func response(seed: UInt64) throws {
        var messages = RandomMessages(seed: seed)
        for round in 0..<Self.rounds {
            let response = messages.response()
            let bytes = response.xml()
            let back = try OmahaResponse(xml: bytes)
            #expect(back == response, "seed \(seed), round \(round)")
            #expect(back.xml() == bytes, "seed \(seed), round \(round)")
        }
    }

    @Test("characters that XML forbids are left out, and nothing else")
    func forbiddenCharacters() throws {
        var request = OmahaRequest(version: "", apps: [])
        request.version = (0...0x2F).compactMap { Unicode.Scalar($0) }.reduce(into: "a") {
            $0.unicodeScalars.append($1)
        }
        request.version += "b\u{FFFE}c\u{FFFF}d\u{FFFD}"
        let expected = "a\t\n\r" + (0x20...0x2F).map { String(UnicodeScalar($0)) }.joined() + "bcd\u{FFFD}"
        #expect(Array(try OmahaRequest(xml: request.xml()).version.utf8) == expected.bytes)
    }

    @Test("a quoted value on the machine does not break its request")
    func quotedValue() throws {
        var app = OmahaRequest.App(id: "a", version: "1", track: "\"stable\"", machineID: Recorded.machine)
        app.oem = "\"azure\" & <co> it's"
        let text = String(decoding: OmahaRequest(version: "x", apps: [app]).xml(), as: UTF8.self)
        #expect(text.contains(#"track="&quot;stable&quot;""#))
        #expect(text.contains(#"oem="&quot;azure&quot; &amp; &lt;co&gt; it&apos;s""#))
    }

    @Test("a long reason is cut between characters, when written and when read")
    func longReason() throws {
        let long = String(repeating: "€", count: 400)  // 1,200 bytes.
        let event = OmahaEvent.failed(.postinstallRunner, reason: long)
        var app = OmahaRequest.App(id: "a", version: "1", track: "t", machineID: "m")
        app.events = [event]
        let bytes = OmahaRequest(version: "x", apps: [app]).xml()
        let cut = String(repeating: "€", count: 341)  // 1,023 bytes: one more would not fit.
        #expect(try OmahaRequest(xml: bytes).apps.first?.events.first?.reason == cut)
        let uncut = "<request><app appid=\"a\"><event reason=\"\(long)\"/></app></request>"
        #expect(try OmahaRequest(xml: uncut.bytes).apps.first?.events.first?.reason == cut)
    }
}
