import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import Synchronization
import Testing
import UpdateModel

// What other servers say of their files, and how long they may go on saying it.
extension ElsewhereTests {
    /// What a server says when it is asked for the file, and when it is asked about it.
    struct Saying: Sendable, CustomTestStringConvertible {
        var read: String?
        var probed: String?
        var size: UInt64?
        var testDescription: String {
            "\(read ?? "nothing"), \(probed ?? "nothing"), \(size.map(String.init) ?? "right size")"
        }
    }

    @Test(
        "a server that says one thing when asked for a file and another when asked about it is read, and then believed",
        arguments: [
            Saying(read: "\"e\"", probed: nil), Saying(read: nil, probed: "\"e\""),
            Saying(read: "\"e\"", probed: "\"f\""),
            Saying(read: "\"e\"", probed: nil, size: 0), Saying(read: nil, probed: "\"e\"", size: 7),
        ])
    func twoSayings(_ saying: Saying) async throws {
        let (fleet, _) = try await furnish()
        let probed = RemoteFile(size: saying.size ?? UInt64(bits.count), mark: saying.probed)
        fleet.remote.put(bits, mark: saying.read, probed: probed, at: here)
        #expect(try await minute(fleet).map(\.trouble?.kind) == [.changed, nil])
        let count = fleet.remote.readCount(here)
        for _ in 0..<10 { #expect(try await minute(fleet).isEmpty) }
        #expect(fleet.remote.readCount(here) == count)
        #expect(try await told(fleet) == [here, there])
        var other = bits
        other[5] ^= 1
        fleet.remote.put(other, mark: "\"x\"", at: here)
        try await minute(fleet, 10)
        #expect(try await told(fleet) == [there], "what it says now was never said of the right bits")
    }

    @Test("another file of which one thing is said when it is read, and another when it is asked about, is read once")
    func twoSayingsOfAnother() async throws {
        let (fleet, _) = try await furnish()
        let probed = RemoteFile(size: UInt64(bits.count), mark: "\"y\"")
        fleet.remote.put(bits.reversed(), mark: "\"x\"", probed: probed, at: here)
        #expect(try await minute(fleet).last?.trouble?.kind == .different)
        let count = fleet.remote.readCount(here)
        for _ in 0..<20 { #expect(try await minute(fleet).isEmpty) }
        #expect(fleet.remote.readCount(here) == count)
    }

    @Test("another file that has no name is read again now and then, and heals when it is put right")
    func nameless() async throws {
        let (fleet, _) = try await furnish()
        fleet.remote.put(bits.reversed(), at: here)
        #expect(try await minute(fleet).last?.trouble?.kind == .different)
        let count = fleet.remote.readCount(here)
        for _ in 0..<48 { #expect(try await minute(fleet).isEmpty) }
        #expect((1...4).contains(fleet.remote.readCount(here) - count), "four hours")
        fleet.remote.put(bits, at: here)
        for _ in 0..<13 { try await minute(fleet) }
        #expect(try await told(fleet) == [here, there])
        let healed = fleet.remote.readCount(here)
        for _ in 0..<20 { #expect(try await minute(fleet).isEmpty) }
        #expect(fleet.remote.readCount(here) == healed)
    }

    @Test("a copy that is there one minute and gone the next fills no records, and is offered again once it stays")
    func flapping() async throws {
        let (fleet, _) = try await furnish()
        var count = 0
        for round in 0..<1440 {
            fleet.remote.put(round / 7 % 2 == 0 ? bits : nil, mark: "\"1\"", at: here)
            count += try await minute(fleet, 1).count
        }
        #expect((3...60).contains(count), "\(count) in a day")
        fleet.remote.put(bits, mark: "\"1\"", at: here)
        for _ in 0..<61 { try await minute(fleet, 1) }
        #expect(try await told(fleet) == [here, there])
    }

    @Test("a server that has a new name for its file at every turn fills no records, and is offered between readings")
    func renaming() async throws {
        let (fleet, _) = try await furnish()
        var count = 0
        for round in 0..<1440 {
            fleet.remote.put(bits, mark: "\"\(round)\"", at: here)
            count += try await minute(fleet, 1).count
            let payload = try await fleet.control.payloadsElsewhere(of: nil, .first, by: viewer).items.first
            #expect(payload?.troubleCount == 0, "it was read as soon as it was in doubt")
        }
        #expect((3...80).contains(count), "\(count) in a day")
        #expect(fleet.remote.readCount(here) <= 40)
    }

    @Test("whatever a server says when it cannot give a file is told once; a server that was not asked lost nothing")
    func reasons() async throws {
        let remote = FailingRemote()
        let control = FleetControl(
            store: MemoryFleetStore(), payloads: MemoryPayloadStore(), time: remote.time, remote: remote)
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
        try await add("2.0.0", at: [here], of: control, remote)
        func minutes(_ failure: (Int) -> RemoteFileError) async throws -> [ProbeOutcome] {
            var outcomes: [ProbeOutcome] = []
            for round in 0..<30 {
                remote.failure.withLock { $0 = failure(round) }
                remote.time.advance(seconds: 60)
                outcomes += try await control.probePayloads()
            }
            return outcomes
        }
        #expect(try await minutes { _ in .notAsked(here) }.isEmpty)
        #expect(remote.probed.withLock { $0.count } >= 20, "it is tried again in a minute")
        let told = try await minutes { .unavailable(here, reason: "reason \($0)") }
        #expect(told.map(\.trouble?.kind) == [.unavailable])
        let entries = try await control.auditEntries(PageRequest(limit: 100), by: admin).items
        #expect(entries.count { $0.action == "payload.mirror" } == 1)
    }

    @Test("a host that keeps probes waiting holds up no other")
    func slowHost() async throws {
        let remote = FailingRemote()
        let control = FleetControl(
            store: MemoryFleetStore(), payloads: MemoryPayloadStore(), time: remote.time, remote: remote)
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
        for release in 1...4 {
            let slow = try (1...7).map { try PayloadURL("https://slow.example/\(release)/\($0)/update.crau") }
            let fast = try PayloadURL("https://fast\(release).example/update.crau")
            try await add("\(release).0.0", at: slow + [fast], of: control, remote)
        }
        remote.slowHost.withLock { $0 = "slow.example" }
        for _ in 1...2 {
            remote.probed.withLock { $0 = [] }
            remote.time.advance(seconds: 600)
            _ = try await control.probePayloads()
            let hosts = remote.probed.withLock { $0.map(\.host) }
            #expect(Set(hosts).count == 1 + 4)
            #expect((1...3).contains(hosts.count { $0 == "slow.example" }))
        }
    }

    private func add(_ text: String, at urls: [PayloadURL], of control: FleetControl, _ remote: FailingRemote)
        async throws
    {
        _ = try await control.createRelease(Version(text), of: os, notes: "", by: publisher)
        for url in urls { remote.files.put(bits, mark: "\"1\"", at: url) }
        let upload = PayloadUpload(
            application: os, version: try Version(text), architecture: .amd64, fileName: urls.first?.fileName ?? "")
        _ = try await control.addPayload(upload, at: urls, by: publisher) { _ in
            PayloadDescription(format: 1, isDelta: false)
        }
    }

    @Test("bits that nobody needs go at once, also while a slow server is being read", .timeLimit(.minutes(1)))
    func custody() async throws {
        let remote = StuckRemote()
        let control = FleetControl(store: MemoryFleetStore(), payloads: MemoryPayloadStore(), remote: remote)
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
        for version in ["2.0.0", "3.0.0"] {
            _ = try await control.createRelease(Version(version), of: os, notes: "", by: publisher)
        }
        var chunks = [bits][...]
        let kept = PayloadUpload(
            application: os, version: try Version("2.0.0"), architecture: .amd64, fileName: "update.crau")
        let plain = PayloadDescription(format: 1, isDelta: false)
        let payload = try await control.addPayload(
            kept, by: publisher, describe: { _ in plain }, nextChunk: { chunks.popFirst() })
        let url = here
        remote.files.put(bits.reversed(), at: url)
        remote.stuck.withLock { $0 = url }
        @Sendable func add() async throws -> Payload {
            let upload = PayloadUpload(
                application: os, version: try Version("3.0.0"), architecture: .amd64, fileName: url.fileName)
            return try await control.addPayload(upload, at: [url], by: publisher) { _ in plain }
        }
        async let fetched = add()
        while remote.waiting.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await control.deletePayload(of: payload.version, .amd64, in: os, by: admin)
        #expect(await refusal { _ = try await control.openPayload(payload.sha256) }?.kind == .notFound)
        remote.stuck.withLock { $0 = nil }
        let digest = try await fetched.sha256
        #expect(await refusal { _ = try await control.openPayload(digest) }?.kind == .notFound)
    }
}

/// Files of which probes fail, or take their time.
private final class FailingRemote: RemoteFiles {
    let files = MemoryRemoteFiles()
    let time = ManualTime()
    /// What every probe ends with.
    let failure = Mutex<RemoteFileError?>(nil)
    /// Its probes take ten seconds.
    let slowHost = Mutex<String?>(nil)
    let probed = Mutex<[PayloadURL]>([])

    func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result { try await files.read(url, body) }

    func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile {
        probed.withLock { $0.append(url) }
        if slowHost.withLock({ $0 }) == url.host { time.advance(seconds: 10) }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return try await files.probe(url, expecting: size)
    }
}
