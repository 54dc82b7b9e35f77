import EngineControl
import FoundationEssentials
import Testing
import UpdateModel

@Suite("What the engine and its callers say to each other")
struct ControlFormatTests {
    private func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test("a request is one short object; what is not said is absent")
    func requests() throws {
        #expect(try text(ControlRequest(.status)) == #"{"command":"status"}"#)
        #expect(try text(ControlRequest(.update, force: true)) == #"{"command":"update","force":true}"#)
        for command in ControlRequest.Command.allCases {
            let request = ControlRequest(command)
            #expect(try decode(ControlRequest.self, text(request)) == request)
        }
    }

    @Test("what is no request is none", arguments: ["", "[]", "{}", #"{"command":"reboot"}"#, #"{"command":1}"#])
    func junk(text: String) {
        #expect(throws: (any Error).self) { try decode(ControlRequest.self, text) }
    }

    @Test("fields of a newer engine do not disturb an older caller")
    func newerFields() throws {
        let request = try decode(ControlRequest.self, #"{"command":"update","force":false,"window":"now"}"#)
        #expect(request == ControlRequest(.update, force: false))
    }

    private static let status = EngineStatus(
        state: .downloading, machine: "0123", version: "1.0.0", slot: .a, server: "http://x/", track: "stable",
        newVersion: "2.0.0", progress: .init(receivedBytes: 1, totalBytes: 2),
        slots: [
            .init(
                slot: .a, isBooted: true, life: "good", version: "1.0.0", contentDigest: nil, priority: 1, triesLeft: 0,
                isSuccessful: true, isNext: true)
        ],
        held: [.init(version: "0.9.0", reason: "no")], reportsPending: 1, lastCheckAt: "2026-01-01T00:00:00Z",
        nextCheckAt: nil, serverHold: "window", lastError: nil, downloadedBytes: 1, checkCount: 3)

    @Test("a status goes there and back")
    func roundTrip() throws {
        let response = ControlResponse(status: Self.status)
        #expect(try decode(ControlResponse.self, text(response)) == response)
        let failure = ControlResponse(error: .init(message: "no", exit: 75))
        #expect(try decode(ControlResponse.self, text(failure)) == failure)
    }

    @Test("the names that scripts rely on stay what they are")
    func names() throws {
        #expect(
            try text(Self.status)
                == #"{"checkCount":3,"downloadedBytes":1,"held":[{"reason":"no","version":"0.9.0"}],"#
                + #""lastCheckAt":"2026-01-01T00:00:00Z","machine":"0123","newVersion":"2.0.0","#
                + #""progress":{"receivedBytes":1,"totalBytes":2},"reportsPending":1,"server":"http://x/","#
                + #""serverHold":"window","slot":"a","slots":[{"isBooted":true,"isNext":true,"isSuccessful":true,"#
                + #""life":"good","priority":1,"slot":"a","triesLeft":0,"version":"1.0.0"}],"state":"downloading","#
                + #""track":"stable","version":"1.0.0"}"#)
    }
}
