import OmahaProtocol
import Testing
import UpdateModel

@Suite("Error codes")
struct ErrorCodeTests {
    @Test("a code is its base and its flags")
    func flags() {
        let code = OmahaErrorCode(rawValue: 268_435_474)
        #expect(code.base == .downloadPayloadPublicKeyVerification)
        #expect(code.flags == .testOmahaURL)
        #expect(OmahaErrorCode.downloadPayloadPublicKeyVerification.with(.testOmahaURL) == code)
        let all = OmahaErrorCode(base: 9, flags: [.developerMode, .resumed, .testImage, .testOmahaURL])
        #expect(all.rawValue == Int32(bitPattern: 0xF000_0009))
        #expect(all.base == .downloadTransfer)
    }

    @Test("a code is read with and without a sign", arguments: ["-2147483630", "2147483666"])
    func signs(text: String) throws {
        let document = "<request><app appid=\"a\"><event errorcode=\"\(text)\"/></app></request>"
        let code = try #require(try OmahaRequest(xml: document.bytes).apps.first?.events.first?.errorCode)
        #expect(code.base.rawValue == 18)
        #expect(code.flags == .developerMode)
    }

    @Test("a failed check carries its HTTP status")
    func http() {
        #expect(OmahaErrorCode.http(503).rawValue == 2503)
        #expect(OmahaErrorCode.http(nil).rawValue == 2000)
        #expect(OmahaErrorCode.http(-1).rawValue == 2999)
        #expect(OmahaErrorCode.http(1000).rawValue == 2999)
        #expect(OmahaErrorCode.http(404).with(.testOmahaURL).httpStatus == 404)
        #expect(OmahaErrorCode.http(404).name == "HTTP 404")
        #expect(OmahaErrorCode.rollback.httpStatus == nil)
    }

    @Test("every code from 0 to 44 and 100 has a name and a sentence")
    func catalogue() {
        #expect(OmahaErrorCode.named.map(\.rawValue) == Array(0...44) + [100])
        #expect(Set(OmahaErrorCode.named.map(\.name)).count == 46)
        #expect(OmahaErrorCode.named.allSatisfy { $0.meaning.hasSuffix(".") && $0.meaning.count > 10 })
        #expect(OmahaErrorCode.rollback.name == "RollbackError")
        #expect(OmahaErrorCode.downloadIncomplete.name == "DownloadIncomplete")
        #expect(OmahaErrorCode.omahaResponseInvalid.description == "34 OmahaResponseInvalid")
    }

    @Test("a code that nobody knows stays a number", arguments: [45, 99, 101, 1999, 3000, 0x0FFF_FFFF] as [Int32])
    func unknown(number: Int32) {
        let code = OmahaErrorCode(rawValue: number)
        #expect(code.name == "Code \(number)")
        #expect(code.meaning == "The code is not known here.")
    }
}

@Suite("Words of the protocol")
struct VocabularyTests {
    @Test("events are the pairs that machines send")
    func events() {
        #expect(pair(.downloadStarted) == [13, 1])
        #expect(pair(.downloadFinished) == [14, 1])
        #expect(pair(.updateInstalled) == [3, 1])
        #expect(pair(.checkIn()) == [3, 2])
        #expect(pair(.failed(.error)) == [3, 0])
        #expect(pair(.deferredForBackoff) == [3, 9])
        #expect(OmahaEvent.deferredForBackoff.errorCode?.rawValue == 40)
        #expect(OmahaEvent.rolledBack(from: "3.0.0", digest: nil).errorCode?.rawValue == 44)
    }

    private func pair(_ event: OmahaEvent) -> [Int] { [event.type.rawValue, event.result.rawValue] }

    @Test("what a later protocol adds is kept")
    func unknownWords() throws {
        let text = """
            <request installsource="later"><app appid="a"><event eventtype="800" eventresult="1"/>\
            <event eventtype="777" eventresult="-1"/></app></request>
            """
        let request = try OmahaRequest(xml: text.bytes)
        #expect(request.installSource == OmahaInstallSource(rawValue: "later"))
        #expect(request.apps.first?.events.first?.type == .installed)
        #expect(request.apps.first?.events.last == OmahaEvent(.init(rawValue: 777), .init(rawValue: -1)))
    }

    @Test(
        "an old group's UUID is a channel and an architecture",
        arguments: [
            ("5b810680-e36a-4879-b98a-4f989e80b899", "alpha", Architecture.amd64),
            ("{9A2DEB70-37BE-4026-853F-BFDD6B347BBE}", "stable", .amd64),
            ("72834a2b-ad86-4d6d-b498-e08a19ebe54e", "edge", .amd64),
            ("d112ec01-ba34-4a9e-9d4b-9814a685f266", "beta", .arm64),
            ("11a585f6-9418-4df0-8863-78b2fd3240f8", "stable", .arm64),
        ])
    func legacyTrack(text: String, name: String, architecture: Architecture) {
        let track = OmahaTrack(text)
        #expect(track.name == name)
        #expect(track.architecture == architecture)
    }

    @Test("any other track is a name", arguments: ["stable", "", "{", "Stable", "{x}"])
    func plainTrack(text: String) {
        #expect(OmahaTrack(text).name == text)
        #expect(OmahaTrack(text).architecture == nil)
    }

    @Test("the board decides the architecture, then the os, then habit")
    func architecture() {
        var app = OmahaRequest.App(id: "a", version: "1", track: "t", machineID: "m")
        var request = OmahaRequest(version: "x", apps: [])
        #expect(request.architecture(of: app) == .amd64)
        request.operatingSystem = OmahaRequest.OperatingSystem(servicePack: "", architecture: "arm")
        #expect(request.architecture(of: app) == .arm64)
        app.board = "amd64-usr"
        #expect(request.architecture(of: app) == .amd64)
    }

    @Test("a SHA-256 is read from 64 digits or 44 characters, and from nothing else")
    func digests() throws {
        let digest = try #require(SHA256Digest(omaha: "vQjjO7A8Dki1OovDDdgcSmkT4vzBoTLapfYjwz9dCqg="))
        #expect(SHA256Digest(omaha: digest.hexadecimal) == digest)
        #expect(SHA256Digest(omaha: digest.hexadecimal.uppercased()) == digest)
        #expect(digest.base64 == "vQjjO7A8Dki1OovDDdgcSmkT4vzBoTLapfYjwz9dCqg=")
        for text in [
            "", "DP1QoFx1kV2XS9Ug+ySAFb4m8D4=", "vQjjO7A8Dki1OovDDdgcSmkT4vzBoTLapfYjwz9dCqg",
            String(repeating: "=", count: 44),
            String(repeating: "A", count: 44), String(repeating: "g", count: 64), String(repeating: "é", count: 22),
        ] {
            #expect(SHA256Digest(omaha: text) == nil, "“\(text)”")
        }
    }
}
