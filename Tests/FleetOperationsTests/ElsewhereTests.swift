import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import Synchronization
import Testing
import UpdateModel

@Suite("Payloads that lie elsewhere")
struct ElsewhereTests {
    let bits = Array("payload of 2.0.0, which is longer than one piece".utf8) + [UInt8](repeating: 7, count: 3000)
    let here: PayloadURL
    let there: PayloadURL

    init() throws {
        here = try PayloadURL("https://a.example/os/update.crau")
        there = try PayloadURL("https://b.example/update.crau")
    }

    /// 2.0.0 lies here and there, and is on the channel that the group `web` follows.
    func furnish() async throws -> (fleet: Fixture, payload: Payload) {
        let fleet = try await Fixture()
        _ = try await fleet.control.createRelease(Version("2.0.0"), of: os, notes: "", by: publisher)
        for url in [here, there] { fleet.remote.put(bits, mark: "\"1\"", at: url) }
        let payload = try await fleet.add("2.0.0", at: [here, there])
        _ = try await fleet.control.setChannel(ChannelName("stable"), of: os, to: Version("2.0.0"), by: admin)
        _ = try await fleet.control.createGroup(
            GroupName("web"), of: os, track: Track("stable"), channel: ChannelName("stable"), by: admin)
        return (fleet, payload)
    }

    func told(_ fleet: Fixture) async throws -> [PayloadURL] {
        switch try await fleet.check("m1").decision {
        case .offer(let payload): return payload.openMirrors.map(\.url)
        case .hold(.payloadUnavailable, nil): return []
        case let other:
            Issue.record("\(String(describing: other))")
            return []
        }
    }

    /// A minute passes, with all that the server does in it.
    @discardableResult
    func minute(_ fleet: Fixture, _ count: Int64 = 5) async throws -> [ProbeOutcome] {
        fleet.time.advance(seconds: 60 * count)
        return try await fleet.control.probePayloads() + fleet.control.readChangedPayloads()
    }

    @Test("it is fetched once, hashed and examined as an upload is, and nothing of it is kept")
    func fetchedOnce() async throws {
        let (fleet, payload) = try await furnish()
        #expect(payload.size == UInt64(bits.count) && payload.fileName == "update.crau")
        #expect(payload.mirrors.map(\.url) == [here, there])
        #expect(payload.mirrors.allSatisfy { $0.marks == ["\"1\""] && $0.trouble == nil })
        let kept = await refusal { _ = try await fleet.control.openPayload(payload.sha256) }
        #expect(kept?.kind == .notFound)
        #expect(try await told(fleet) == [here, there])
        let entries = try await fleet.control.auditEntries(PageRequest(limit: 10), by: admin).items
        let entry = try #require(entries.first { $0.action == "payload.add" })
        #expect(entry.actor == "ci" && entry.detail.contains(here.text) && entry.detail.contains(payload.sha256.hexadecimal))
    }

    @Test("what was uploaded with the same bits stays where it is")
    func twinStays() async throws {
        let (fleet, payload) = try await furnish()
        _ = try await fleet.control.createRelease(Version("2.1.0"), of: os, notes: "", by: publisher)
        let twin = try await fleet.upload("2.1.0", bits: String(decoding: bits, as: UTF8.self))
        #expect(twin.sha256 == payload.sha256)
        _ = try await fleet.control.createRelease(Version("2.2.0"), of: os, notes: "", by: publisher)
        _ = try await fleet.add("2.2.0", at: [here])
        #expect(try await fleet.control.openPayload(twin.sha256).size == twin.size)
    }

    @Test("what is not there, is no payload, is another file, or is not what was asked for is refused, and nothing is kept")
    func refusals() async throws {
        let (fleet, _) = try await furnish()
        _ = try await fleet.control.createRelease(Version("3.0.0"), of: os, notes: "", by: publisher)
        let (gone, bad) = (try PayloadURL("https://c.example/update.crau"), try PayloadURL("https://d.example/update.crau"))
        fleet.remote.put(Array("bad".utf8), at: bad)
        let other = try PayloadURL("https://e.example/other.crau")
        for urls in [[bad], [here, bad], [here, other], [here, here], []] {
            #expect(await refusal { _ = try await fleet.add("3.0.0", at: urls) }?.kind == .invalid, "\(urls)")
        }
        for urls in [[gone], [here, gone]] {
            #expect(await refusal { _ = try await fleet.add("3.0.0", at: urls) }?.kind == .unavailable, "\(urls)")
        }
        let zero = try #require(SHA256Digest(bytes: [UInt8](repeating: 0, count: 32)))
        #expect(await refusal { _ = try await fleet.add("3.0.0", at: [here], expecting: zero) }?.kind == .invalid)
        #expect(await refusal { _ = try await fleet.add("3.0.0", at: [here], by: viewer) }?.kind == .forbidden)
        #expect(await refusal { _ = try await fleet.add("2.0.0", at: [here]) }?.kind == .conflict)
        #expect(try await fleet.control.payloads(of: os, version: Version("3.0.0"), .first, by: viewer).total == 0)
        let large = try PayloadURL("https://f.example/update.crau")
        fleet.remote.put([UInt8](repeating: 1, count: 2 << 20), at: large)
        #expect(await refusal { _ = try await fleet.add("3.0.0", at: [large]) }?.kind == .invalid)
    }

    @Test("a copy that is gone is not offered, is told about, and is offered again once it is back")
    func goneAndBack() async throws {
        let (fleet, _) = try await furnish()
        #expect(try await minute(fleet).isEmpty, "what is as it was is no news")
        fleet.remote.put(nil, at: here)
        #expect(try await minute(fleet, 1).isEmpty, "it is looked at every five minutes")
        #expect(try await minute(fleet, 4).isEmpty, "what is not there once may be back a minute later")
        #expect(try await told(fleet) == [here, there])
        let news = try await minute(fleet, 1)
        #expect(news.map(\.url) == [here] && news.first?.trouble?.kind == .unavailable)
        #expect(try await told(fleet) == [there])
        fleet.remote.put(nil, at: there)
        try await minute(fleet)
        try await minute(fleet, 1)
        #expect(try await told(fleet) == [])
        let why = try await fleet.control.explanation(of: MachineID("m1"), in: os, by: viewer)
        #expect(why.reason == "payload-unavailable" && why.text.contains(here.text) && why.text.contains("404"))
        let holds = try await fleet.control.holds(of: GroupName("web"), in: os, by: viewer)
        #expect(holds.map(\.reason) == [.payloadUnavailable])
        let listed = try await fleet.control.payloadsElsewhere(of: nil, .first, by: viewer).items
        #expect(listed.first?.isAvailable == false)
        for url in [here, there] { fleet.remote.put(bits, mark: "\"1\"", at: url) }
        #expect(try await minute(fleet, 1).map(\.url).count == 2, "a copy in trouble is looked at every minute")
        #expect(try await told(fleet) == [here, there])
        #expect(fleet.remote.readCount(here) == 1 + 1, "once to add it and once for the channel: it was as it had been")
    }

    @Test("a copy that changed is not offered until it was read again and is the payload still")
    func changed() async throws {
        let (fleet, _) = try await furnish()
        fleet.remote.put(bits, mark: "\"2\"", at: here)
        fleet.time.advance(seconds: 300)
        let news = try await fleet.control.probePayloads()
        #expect(news.first?.trouble?.kind == .changed)
        #expect(try await told(fleet) == [there])
        let read = try await fleet.control.readChangedPayloads()
        #expect(read.map(\.url) == [here] && read.first?.trouble == nil)
        #expect(try await told(fleet) == [here, there])
        // Both names are good from now on: a network of servers gives now this one, now that.
        let count = fleet.remote.readCount(here)
        for mark in ["\"1\"", "\"2\""] {
            fleet.remote.put(bits, mark: mark, at: here)
            #expect(try await minute(fleet).isEmpty)
        }
        #expect(fleet.remote.readCount(here) == count)
    }

    @Test("a copy that became another file is never offered, is not read again and again, and heals when it is put right")
    func different() async throws {
        let (fleet, _) = try await furnish()
        var other = bits
        other[5] ^= 1
        fleet.remote.put(other, mark: "\"2\"", at: here)
        try await minute(fleet)
        #expect(try await told(fleet) == [there])
        let count = fleet.remote.readCount(here)
        for _ in 0..<20 { #expect(try await minute(fleet, 1).isEmpty) }
        #expect(fleet.remote.readCount(here) == count)
        // Also where it has its old name again: only its bits count now.
        fleet.remote.put(bits, mark: "\"1\"", at: here)
        try await minute(fleet, 1)
        #expect(try await told(fleet) == [here, there])
        #expect(fleet.remote.readCount(here) == count + 1)
        fleet.remote.put(bits + [0], mark: "\"1\"", at: here)
        #expect(try await minute(fleet, 10).last?.trouble?.text.contains("\(bits.count + 1) bytes") == true)
        #expect(try await told(fleet) == [there])
    }

    @Test("what became another file heals by its bits only, also when it could not be reached in between")
    func differentAndGone() async throws {
        let (fleet, _) = try await furnish()
        var other = bits
        other[5] ^= 1
        for comesBack in [other, bits] {
            fleet.remote.put(other, mark: "\"2\"", at: here)
            try await minute(fleet)
            fleet.remote.put(nil, at: here)
            #expect(try await minute(fleet).isEmpty)
            // Under the name by which the right bits were known once: of a file that is another nothing is taken on trust.
            fleet.remote.put(comesBack, mark: "\"1\"", at: here)
            let count = fleet.remote.readCount(here)
            try await minute(fleet, 10)
            #expect(fleet.remote.readCount(here) == count + 1)
            #expect(try await told(fleet) == (comesBack == bits ? [here, there] : [there]))
        }
    }

    @Test("a copy that changed and is gone when it is to be read stays in doubt until it was read")
    func changedAndGone() async throws {
        let (fleet, _) = try await furnish()
        fleet.remote.put(bits.reversed(), mark: "\"2\"", at: here)
        fleet.time.advance(seconds: 300)
        _ = try await fleet.control.probePayloads()
        fleet.remote.put(nil, at: here)
        #expect(try await fleet.control.readChangedPayloads().isEmpty)
        fleet.remote.put(bits.reversed(), mark: "\"1\"", at: here)
        try await minute(fleet, 1)
        #expect(try await told(fleet) == [there])
        try await minute(fleet, 10)
        #expect(try await told(fleet) == [there], "read, and another file")
    }

    @Test("a server that gives nothing holds up its own application and no other", .timeLimit(.minutes(1)))
    func stuck() async throws {
        let remote = StuckRemote()
        let store = MemoryFleetStore()
        let time = ManualTime()
        let control = FleetControl(store: store, payloads: MemoryPayloadStore(), time: time, remote: remote)
        let lab = try ApplicationID("{11111111-2222-3333-4444-555555555555}")
        for (application, url) in [(os, here), (lab, there)] {
            _ = try await control.createApplication(id: application, name: "\(url.fileName)-\(url.host)", by: admin)
            _ = try await control.createRelease(Version("2.0.0"), of: application, notes: "", by: publisher)
            remote.files.put(bits, mark: "\"1\"", at: url)
            let upload = PayloadUpload(
                application: application, version: try Version("2.0.0"), architecture: .amd64, fileName: url.fileName)
            _ = try await control.addPayload(upload, at: [url], by: publisher) { _ in
                PayloadDescription(format: 1, isDelta: false)
            }
            remote.files.put(bits, mark: "\"2\"", at: url)
        }
        time.advance(seconds: 300)
        #expect(try await control.probePayloads().count == 2)
        for (slow, other) in [(here, there), (there, here)] {
            remote.stuck.withLock { $0 = slow }
            // Whichever is first: one call is stuck, and the next reads the other one.
            async let first = control.readChangedPayloads()
            while remote.waiting.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let second = try await control.readChangedPayloads()
            remote.stuck.withLock { $0 = nil }
            let healed = try await first + second
            #expect(healed.contains { $0.url == other && $0.trouble == nil })
            #expect(second.allSatisfy { $0.url == other })
            #expect(try await control.readChangedPayloads().isEmpty)
            for url in [here, there] { remote.files.put(bits, mark: "\"3 \(slow)\"", at: url) }
            time.advance(seconds: 3600)
            #expect(try await control.probePayloads().count == 2)
        }
    }

    @Test(
        "who asks for what is being fetched already hears that, and not that there are too many",
        .timeLimit(.minutes(1)))
    func twice() async throws {
        let remote = StuckRemote()
        let control = FleetControl(store: MemoryFleetStore(), payloads: MemoryPayloadStore(), remote: remote)
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
        _ = try await control.createRelease(Version("2.0.0"), of: os, notes: "", by: publisher)
        remote.files.put(bits, at: here)
        remote.stuck.withLock { $0 = here }
        let url = here
        @Sendable func add() async throws -> Payload {
            let upload = PayloadUpload(
                application: os, version: try Version("2.0.0"), architecture: .amd64, fileName: url.fileName)
            return try await control.addPayload(upload, at: [url], by: publisher) { _ in
                PayloadDescription(format: 1, isDelta: false)
            }
        }
        async let first = add()
        while remote.waiting.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        let state = try await control.fetchProgress(
            of: Version("2.0.0"), .amd64, source: nil, in: os, by: viewer)
        #expect(state?.url == here, "it is under way before its first byte")
        let again = await refusal { _ = try await add() }
        #expect(again?.kind == .conflict && again?.userMessage.text.contains("this payload already") == true)
        remote.stuck.withLock { $0 = nil }
        #expect(try await first.mirrors.map(\.url) == [here])
    }

    @Test("a server that names no state of its files is judged by the size")
    func unnamed() async throws {
        let (fleet, _) = try await furnish()
        for url in [here, there] { fleet.remote.put(bits, at: url) }
        try await minute(fleet)
        #expect(try await told(fleet) == [here, there], "read again, and right")
        #expect(try await minute(fleet).isEmpty)
        fleet.remote.put([1, 2, 3], at: here)
        try await minute(fleet)
        #expect(try await told(fleet) == [there])
    }

    @Test("Invariant 8: a promotion reads every copy again; one that is another file, or none to be had, stops it")
    func promotion() async throws {
        let (fleet, _) = try await furnish()
        let beta = try ChannelName("beta")
        func promote() async -> OperationError? {
            await refusal { _ = try await fleet.control.promote(from: ChannelName("stable"), to: beta, of: os, by: admin) }
        }
        fleet.remote.put(Array(bits.reversed()), mark: "\"1\"", at: there)
        #expect(await promote()?.kind == .conflict)
        fleet.remote.put(nil, at: here)
        fleet.remote.put(nil, at: there)
        let nowhere = await promote()
        #expect(nowhere?.kind == .unavailable && nowhere?.userMessage.line.contains("404") == true)
        #expect(try await fleet.control.channel(beta, of: os, by: viewer).version == nil)
        fleet.remote.put(bits, mark: "\"9\"", at: there)
        #expect(await promote() == nil, "one copy is enough")
        #expect(try await fleet.control.channel(beta, of: os, by: viewer).version?.text == "2.0.0")
    }

    @Test(
        "a channel that followed is told of while the next is being read; one whose reading was broken off is not left alone",
        .timeLimit(.minutes(1)))
    func brokenOff() async throws {
        let remote = StuckRemote()
        let time = ManualTime()
        let control = FleetControl(
            store: MemoryFleetStore(), payloads: MemoryPayloadStore(), time: time, remote: remote)
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
        _ = try await control.createRelease(Version("2.0.0"), of: os, notes: "", by: publisher)
        let url = here
        remote.files.put(bits, at: url)
        let upload = PayloadUpload(
            application: os, version: try Version("2.0.0"), architecture: .amd64, fileName: url.fileName)
        _ = try await control.addPayload(upload, at: [url], by: publisher) { _ in
            PayloadDescription(format: 1, isDelta: false)
        }
        let (alpha, followers) = (try ChannelName("alpha"), try ["beta", "gamma"].map { try ChannelName($0) })
        _ = try await control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        for name in followers {
            let follow = ChannelFollow(channel: alpha, soakSeconds: 0, machines: 0)
            _ = try await control.changeChannel(name, of: os, ChannelChange(follows: .some(follow)), by: admin)
        }
        time.advance(seconds: 3600)
        let work = Task {
            var told: [ChannelName] = []
            try await control.followChannels { outcome in
                told.append(outcome.channel)
                remote.stuck.withLock { $0 = url }
            }
            return told
        }
        while remote.waiting.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        work.cancel()
        #expect(try await work.value == [followers[0]])
        remote.stuck.withLock { $0 = nil }
        #expect(try await control.followChannels().map(\.channel) == [followers[1]])
    }

    @Test("what was deleted is not looked at any more")
    func deleted() async throws {
        let fleet = try await Fixture()
        _ = try await fleet.control.createRelease(Version("2.0.0"), of: os, notes: "", by: publisher)
        fleet.remote.put(bits, at: here)
        _ = try await fleet.add("2.0.0", at: [here])
        try await fleet.control.deletePayload(of: Version("2.0.0"), .amd64, in: os, by: admin)
        fleet.remote.put(nil, at: here)
        #expect(try await minute(fleet).isEmpty)
        #expect(try await fleet.control.payloadsElsewhere(of: nil, .first, by: viewer).total == 0)
    }
}

/// Files of which one gives nothing while it is stuck.
final class StuckRemote: RemoteFiles {
    let files = MemoryRemoteFiles()
    let stuck = Mutex<PayloadURL?>(nil)
    /// How many readings wait.
    let waiting = Mutex(0)

    func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result {
        if stuck.withLock({ $0 }) == url {
            waiting.withLock { $0 += 1 }
            defer { waiting.withLock { $0 -= 1 } }
            while stuck.withLock({ $0 }) == url { try await Task.sleep(for: .milliseconds(5)) }
        }
        return try await files.read(url, body)
    }

    func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile {
        try await files.probe(url, expecting: size)
    }
}
