import ContentTrust
import EngineControl
import EngineTestKit
import FleetTestKit
import OmahaProtocol
import SlotDevice
import Synchronization
import Testing
import UpdateEngineKit
import UpdateLogic
import UpdateModel

/// Whatever a server sends: the running slot is untouched, the passive one never bootable, the failure is told with
/// its code, and the next update works.
@Suite("A payload server that misbehaves", .serialized)
struct PayloadServerTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var behaviour: StallingServer.Behaviour
        /// What update_engine would call it.
        var code: Int
        /// The words that a person is told.
        var words: String
        var isSilent = false
    }

    static let faults = [
        Fault(testDescription: "never answers", behaviour: .silent, code: 9, words: "bytes a second", isSilent: true),
        Fault(testDescription: "closes at once", behaviour: .closesAtOnce, code: 9, words: "did not answer"),
        Fault(
            testDescription: "stalls", behaviour: .stalls(afterBytes: 5000), code: 9, words: "bytes a second",
            isSilent: true),
        Fault(testDescription: "closes early", behaviour: .closes(afterBytes: 5000), code: 9, words: "interrupted"),
        Fault(
            testDescription: "promises more", behaviour: .lies(contentLength: 1 << 30), code: 11,
            words: "the offer says"),
        Fault(
            testDescription: "promises less", behaviour: .lies(contentLength: 100), code: 11, words: "the offer says"),
        Fault(testDescription: "redirects for ever", behaviour: .redirects, code: 9, words: "redirects for ever"),
        Fault(
            testDescription: "answers 500", behaviour: .answers(status: 500, contentType: "text/plain", body: "no"),
            code: 9, words: "HTTP status 500"),
        Fault(
            testDescription: "answers 404", behaviour: .answers(status: 404, contentType: "text/plain", body: "no"),
            code: 9, words: "HTTP status 404"),
        Fault(testDescription: "shows a log-in page", behaviour: StallingServer.html, code: 11, words: "Does a proxy"),
    ]

    @Test("is told of, harms nothing, and the next update works", arguments: faults)
    func fault(_ fault: Fault) async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            rig.payloads.behave(fault.behaviour)
            if fault.isSilent { rig.settings.withLock { $0.downloadStall = .milliseconds(100) } }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError?.contains(fault.words) == true, "\(status.lastError ?? "no error")")
                #expect(status.state == .idle)
                #expect(try rig.isUntouched())
                #expect(rig.omaha.events == ["3/2 <0.0.0.0>", "13/1", "3/0 \(fault.code)"])
            }
            rig.payloads.behave(.honest)
            rig.settings.withLock { $0.downloadStall = .seconds(20) }
            try await rig.withEngine { engine in
                let next = try await engine.update()
                #expect(next.lastError == nil)
                try await engine.wait { $0.state == .rebooting }
            }
            #expect(try rig.reboot() == .b)
        }
    }

    @Test("that interrupts is asked for the rest at once, within the same attempt")
    func interruptions() async throws {
        let releases = try JourneyTests.largeReleases()
        try await EngineRig.run(releases) { rig in
            rig.payloads.behave(  // Header and metadata come first, each for itself.
                .honest, .honest, .closes(afterBytes: 300_000), .closes(afterBytes: 400_000), .closesAtOnce, .honest)
            rig.settings.withLock {
                $0.downloadAttempts = 3
                $0.downloadStall = .seconds(5)
            }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
            }
            #expect(rig.payloads.requests.count == 6)
            #expect(rig.payloads.requests.allSatisfy { $0.headers["range"] != nil })
            #expect(try rig.slotBytes(.b) == releases[1].image)
            #expect(rig.omaha.events == ["3/2 <0.0.0.0>", "13/1", "14/1", "3/1"])
        }
    }

    @Test("that ignores ranges is read from the start, and what is known is skipped")
    func ignoresRange() async throws {
        let releases = try JourneyTests.largeReleases()
        try await EngineRig.run(releases) { rig in
            rig.payloads.behave(.honest, .honest, .closes(afterBytes: 700_000), .ignoresRange)
            rig.settings.withLock { $0.downloadAttempts = 2 }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
            }
            #expect(try rig.slotBytes(.b) == releases[1].image)
        }
    }

    @Test("that stalls while reports cannot be sent does not disturb the download")
    func slowReports() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            rig.omaha.follow { script in
                script.fault = { $0.apps.contains { $0.updateCheck == nil } ? .closes : nil }
            }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
                #expect(status.reportsPending == 3)
            }
        }
    }

    @Test("that answers reports without taking them loses none of them")
    func unheardReports() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            rig.omaha.follow { script in
                script.fault = { request in
                    guard let app = request.apps.first(where: { $0.updateCheck == nil }) else { return nil }
                    let answer = OmahaResponse(apps: [OmahaResponse.App(id: app.id, status: .restricted)])
                    return .answers(status: 200, body: String(decoding: answer.xml(), as: UTF8.self))
                }
            }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.reportsPending == 3)
            }
        }
    }
}

@Suite("A payload that is not what it should be", .serialized)
struct BadPayloadTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var code: Int
        /// What is served, and what is offered.
        var make: @Sendable () throws -> (served: [UInt8], offer: UpdateOffer)
    }

    private static func made(
        _ change: (inout TestRelease.Recipe) -> Void = { _ in }, served: ([UInt8]) -> [UInt8] = { $0 }
    ) throws -> (served: [UInt8], offer: UpdateOffer) {
        var recipe = TestRelease.Recipe()
        change(&recipe)
        let release = try TestRelease("2.0.0", recipe: recipe)
        let bytes = served(release.payload)
        let offer = UpdateOffer(
            version: release.version, payloadDigest: StreamDigest.digest(of: bytes),
            payloadSizeBytes: UInt64(bytes.count))
        return (bytes, offer)
    }

    static let cases = [
        Case(testDescription: "truncated", code: 11) { try made(served: { Array($0.dropLast(300)) }) },
        Case(testDescription: "with bytes behind its end", code: 11) { try made(served: { $0 + [0] }) },
        Case(testDescription: "with a flipped bit in its data", code: 29) {
            try made(served: { bytes in
                var bytes = bytes
                bytes[bytes.count / 2] ^= 1
                return bytes
            })
        },
        Case(testDescription: "with a flipped bit in its signature", code: 18) {
            try made(served: { bytes in
                var bytes = bytes
                bytes[bytes.count - 20] ^= 1
                return bytes
            })
        },
        Case(testDescription: "unsigned", code: 39) { try made { $0.keys = [] } },
        Case(testDescription: "signed by a stranger", code: 26) { try made { $0.keys = [TestRelease.strangersKey] } },
        Case(testDescription: "larger than the slot", code: 28) { try made { $0.imageBytes = 4 << 20 } },
        Case(testDescription: "without a kernel", code: 12) { try made { $0.hasKernel = false } },
        Case(testDescription: "no payload at all", code: 21) {
            try made(served: { _ in [UInt8]("<html>please log in</html>".utf8) })
        },
        Case(testDescription: "another than the offered one", code: 10) {
            let other = try made()
            return (
                other.served,
                UpdateOffer(
                    version: other.offer.version, payloadDigest: StreamDigest.digest(of: [1]),
                    payloadSizeBytes: other.offer.payloadSizeBytes)
            )
        },
    ]

    @Test("is refused, told of, and harms nothing; the next update works", arguments: cases)
    func bad(_ bad: Case) async throws {
        let (served, offer) = try bad.make()
        let releases = try JourneyTests.releases()
        try await EngineRig.run(releases, payload: served) { rig in
            rig.offer(offer)
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError != nil)
                #expect(status.state == .idle)
            }
            #expect(try rig.isUntouched())
            #expect(rig.omaha.events == ["3/2 <0.0.0.0>", "13/1", "3/0 \(bad.code)"])
            #expect(rig.omaha.heard.last?.apps.first?.events.first?.reason?.isEmpty == false)
            let honest = try StallingServer(content: releases[1].payload)
            rig.offer(releases[1].offer, codebase: honest.url)
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
                #expect(status.newVersion == "2.0.0")
            }
            honest.stop()
            #expect(try rig.reboot() == .b)
        }
    }

    @Test("is left alone for a while after the second failure, but not when a person asks")
    func backOff() async throws {
        let (served, offer) = try Self.made { $0.keys = [] }
        try await EngineRig.run(JourneyTests.releases(), payload: served) { rig in
            rig.offer(offer)
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.update()
                #expect(rig.payloads.requests.count == 4)  // Header and metadata, twice.
            }
            rig.settings.withLock { $0.schedule.initialDelay = .zero }
            try await rig.withEngine { engine in
                let status = try await engine.wait { $0.checkCount >= 1 }
                #expect(status.serverHold?.contains("2.0.0 failed 2 times; the next try is in") == true)
                #expect(status.lastError == nil)
                #expect(rig.payloads.requests.count == 4)
            }
        }
    }

    @Test("that does not fit on the boot partition is refused before the slot is written, and said so")
    func fullBootPartition() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            let area = FaultyFileArea(capacityBytes: 12_000, power: PowerSupply())
            let kernel = try area.create("vmlinuz-a", sizeBytes: 9000)
            try kernel.write(try JourneyTests.releases()[0].kernel, at: 0)
            try kernel.flush()
            rig.replaceBootFiles(by: area)
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError?.contains("No space is left") == true)
            }
            #expect(try rig.isUntouched())
            #expect(rig.omaha.events.last == "3/0 28")
            #expect(try area.names() == ["vmlinuz-a"])
        }
    }

    @Test("without a kernel is taken where the boot loader finds its kernels elsewhere")
    func kernelsElsewhere() async throws {
        var recipe = TestRelease.Recipe()
        recipe.hasKernel = false
        let releases = [try TestRelease("1.0.0"), try TestRelease("2.0.0", recipe: recipe)]
        try await EngineRig.run(releases) { rig in
            rig.replaceBootFiles(by: FaultyFileArea(power: PowerSupply()))
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
            }
            #expect(try rig.slotBytes(.b) == releases[1].image)
            #expect(try rig.isBootable(.b))
        }
    }
}

@Suite("An update server that misbehaves", .serialized)
struct UpdateServerTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var words: String
        var script: @Sendable (inout OmahaDouble.Script) -> Void
    }

    private static func answering(_ body: String, status: Int = 200) -> @Sendable (inout OmahaDouble.Script) -> Void {
        { $0.fault = { _ in .answers(status: status, body: body) } }
    }

    private static let doctype = """
        <?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
        <response protocol="3.0">&c;</response>
        """

    static let faults = [
        Fault(testDescription: "answers 500", words: "code 2500", script: answering("", status: 500)),
        Fault(testDescription: "closes", words: "code 2000", script: { $0.fault = { _ in .closes } }),
        Fault(testDescription: "answers nothing", words: "code 31", script: answering("")),
        Fault(testDescription: "answers HTML", words: "code 31", script: answering("<html><body>hello</body></html>")),
        Fault(testDescription: "sends a doctype", words: "code 31", script: answering(doctype)),
        Fault(
            testDescription: "nests a million deep", words: "code 31",
            script: answering(String(repeating: "<a>", count: 300_000))),
        Fault(
            testDescription: "sends more than a mebibyte", words: "longer than",
            script: answering(String(repeating: "x", count: 2 << 20))),
        Fault(
            testDescription: "speaks of another application", words: "nothing is said about application",
            script: { $0.application = "{00000000-0000-0000-0000-000000000000}" }),
    ]

    @Test("is told to people with its code, harms nothing, and the next check works", arguments: faults)
    func fault(_ fault: Fault) async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            rig.omaha.follow { fault.script(&$0) }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError?.contains(fault.words) == true, "\(status.lastError ?? "no error")")
                #expect(try rig.isUntouched())
                rig.omaha.follow {
                    $0.fault = { _ in nil }
                    $0.application = nil
                }
                let next = try await engine.update()
                #expect(next.lastError == nil)
            }
            #expect(try rig.reboot() == .b)
        }
    }

    @Test(
        "and offers what makes no sense is refused before anything is touched",
        arguments: [
            ("", "update.crau", "url"), ("ftp://example.org/", "update.crau", "address"),
            ("http://127.0.0.1:1/", "with space.crau", "address"), ("http://127.0.0.1:1/", "new\nline", "address"),
            ("http://127.0.0.1:99999/", "update.crau", "address"), ("file:///etc/", "passwd", "address"),
        ])
    func oddAddresses(codebase: String, name: String, words: String) async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            rig.offer(try JourneyTests.releases()[1].offer, codebase: codebase, name: name)
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError?.contains(words) == true, "\(status.lastError ?? "no error")")
                #expect(status.lastError?.contains("code 34") == true)
            }
            #expect(try rig.isUntouched())
            #expect(rig.omaha.events == ["3/2 <0.0.0.0>"])
        }
    }

    @Test("and offers an older release is refused, but by force")
    func downgrade() async throws {
        let releases = [try TestRelease("3.0.0"), try TestRelease("2.0.0")]
        try await EngineRig.run(releases) { rig in
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.serverHold?.contains("older than the running 3.0.0") == true)
                #expect(status.lastError == nil)
                #expect(try rig.isUntouched())
                let forced = try await engine.update(force: true)
                #expect(forced.newVersion == "2.0.0")
            }
            #expect(try rig.reboot() == .b)
        }
    }

    @Test("or refuses by “error-…” has declined: no failure, nothing to report")
    func declined() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            rig.omaha.follow { $0.check = OmahaResponse.UpdateCheck(status: .init(rawValue: "error-internal")) }
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
                #expect(status.serverHold?.contains("declined") == true)
                #expect(status.reportsPending == 0)
            }
        }
    }
}

extension EngineRig {
    /// Whether slot A holds what it did and slot B cannot boot.
    func isUntouched() throws -> Bool {
        try slotBytes(.a) == runningImage && isBootable(.a) && !isBootable(.b)
    }
}
