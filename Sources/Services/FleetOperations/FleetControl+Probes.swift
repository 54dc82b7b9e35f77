internal import ContentTrust
package import FleetModel
internal import FleetStorage
internal import PayloadStore
package import UpdateModel

/// What became of one copy of a payload that lies elsewhere, when the server looked and it was not as before.
package struct ProbeOutcome: Sendable {
    package let payload: Payload
    package let url: PayloadURL
    /// `nil` where it can be had again.
    package let trouble: MirrorTrouble?
}

// Copies elsewhere are looked at again and again, whether machines ask for them or not.
extension FleetControl {
    /// At most so many copies are probed in one go, so many of them at once.
    static let probesMaximum = 240
    static let probesAtOnce = 8
    /// After so long no more copies are read in one go.
    static let turnSeconds: Int64 = 60

    /// Probes the copies that are due, those first that nobody looked at for longest. A copy that is gone or changed is not
    /// offered from then on; one that was not there and is as it was is offered again.
    package func probePayloads() async throws(OperationError) -> [ProbeOutcome] {
        let uptime = clock.mark.uptimeMicroseconds
        let all = try await copiesElsewhere()
        probes.keep(Set(all.map(\.key)))
        let due = all.filter { copy in
            let interval = copy.mirror.trouble == nil ? ProbeBook.interval : ProbeBook.troubleInterval
            guard let last = probes.lastProbe(copy.key) else { return true }
            return uptime - last >= interval * 1_000_000
        }
        let turn = due.sorted { probes.lastProbe($0.key) ?? .min < probes.lastProbe($1.key) ?? .min }
            .prefix(Self.probesMaximum)
        return await withTaskGroup(of: ProbeOutcome?.self) { group in
            var outcomes: [ProbeOutcome] = []
            for (index, copy) in turn.enumerated() {
                if index >= Self.probesAtOnce, let outcome = await group.next() ?? nil { outcomes.append(outcome) }
                group.addTask { await probe(copy, at: uptime) }
            }
            for await outcome in group { if let outcome { outcomes.append(outcome) } }
            return outcomes
        }
    }

    /// Reads the copies that changed, one after the other. One that still is the payload is offered again.
    ///
    /// May be called again while it is under way: an application of which a copy is being read is passed over then. What is left
    /// after ``turnSeconds`` is left to the next call, which knows better what there is.
    package func readChangedPayloads() async throws(OperationError) -> [ProbeOutcome] {
        var outcomes: [ProbeOutcome] = []
        let start = clock.mark.uptimeMicroseconds
        let changed = try await copiesElsewhere(inTrouble: true).filter { $0.mirror.trouble?.kind == .changed }
        for copy in changed.sorted(by: { probes.lastReading($0.key) ?? .min < probes.lastReading($1.key) ?? .min }) {
            let uptime = clock.mark.uptimeMicroseconds
            guard !Task.isCancelled, uptime - start < Self.turnSeconds * 1_000_000 else { break }
            guard probes.mayRead(copy.key, at: uptime), readings.begin(copy.payload.application) else { continue }
            defer { readings.end(copy.payload.application) }
            probes.noteReading(copy.key, at: uptime)
            if let outcome = await readAgain(copy) { outcomes.append(outcome) }
        }
        return outcomes
    }

    /// One copy of one payload.
    private struct Copy: Sendable {
        let payload: Payload
        let mirror: PayloadMirror
        var key: ProbeBook.Key { ProbeBook.Key(payload, mirror) }
    }

    private func copiesElsewhere(inTrouble: Bool = false) async throws(OperationError) -> [Copy] {
        var copies: [Copy] = []
        var offset = 0
        while true {
            let page = PageRequest(limit: PageRequest.limitMaximum, offset: offset)
            let payloads = try await payloadsElsewhere(of: nil, page, by: .server)
            copies += payloads.items.flatMap { payload in payload.mirrors.map { Copy(payload: payload, mirror: $0) } }
            offset += payloads.items.count
            // Those in trouble come first.
            let isOver = inTrouble && payloads.items.last?.troubleCount == 0
            if payloads.items.isEmpty || offset >= payloads.total || isOver { return copies }
        }
    }
}

// What a look at a copy makes of it.
extension FleetControl {
    private func probe(_ copy: Copy, at uptime: Int64) async -> ProbeOutcome? {
        probes.noteProbe(copy.key, at: uptime)
        do {
            let file = try await remote.probe(copy.mirror.url)
            return await record(judge(file, copy), of: copy)
        } catch {
            guard !Task.isCancelled else { return nil }
            return await record(unanswered(error.userMessage.text, copy), of: copy)
        }
    }

    private func readAgain(_ copy: Copy) async -> ProbeOutcome? {
        do {
            let found = try await read(copy.mirror.url, of: copy.payload)
            guard found.digest == copy.payload.sha256 else { return await record(different(found.file, copy), of: copy) }
            return await record(await recognised(found.file, copy), of: copy)
        } catch {
            guard !Task.isCancelled else { return nil }
            return await record(unanswered(Self.words(for: error), copy), of: copy)
        }
    }

    /// The copy, whose bits are right. Some servers call a file one thing when asked for it and another when asked about it:
    /// what they said before the reading counts as a name of it, too, where they say so still.
    private func recognised(_ file: RemoteFile, _ copy: Copy) async -> PayloadMirror {
        var mirror = copy.mirror
        mirror.trouble = nil
        guard let mark = file.mark else {
            mirror.marks = []
            return mirror
        }
        var names = [mark]
        if let seen = copy.mirror.trouble?.seen, seen != mark,
            let again = try? await remote.probe(mirror.url),  // Who does not answer now is asked in a minute.
            again.mark == seen, again.size ?? copy.payload.size == copy.payload.size
        {
            names.append(seen)
        }
        mirror.marks = Array((names + mirror.marks.filter { !names.contains($0) }).prefix(PayloadMirror.marksMaximum))
        return mirror
    }

    /// The copy as it is after a probe that was answered.
    private func judge(_ file: RemoteFile, _ copy: Copy) -> PayloadMirror {
        let (payload, mirror) = (copy.payload, copy.mirror)
        if mirror.trouble?.kind == .changed { return mirror }  // It is about to be read.
        let isDifferent = mirror.trouble?.kind == .different
        if isDifferent, mirror.trouble?.seen == Self.sight(of: file) { return mirror }
        if let size = file.size, size != payload.size { return different(file, copy) }
        let isKnown = mirror.marks.isEmpty && file.mark == nil || mirror.marks.contains { $0 == file.mark }
        if isKnown, !isDifferent {
            var healed = mirror
            healed.trouble = nil
            return healed
        }
        return trouble(
            .changed, "The file at \(mirror.url) was replaced, and is about to be read again.", of: copy, seen: file.mark)
    }

    /// The copy as it is after nobody answered. What is known as another file, or not known to be the payload, stays so: it heals
    /// by its bits only, and not by what is said of it when it is back.
    private func unanswered(_ text: String, _ copy: Copy) -> PayloadMirror {
        switch copy.mirror.trouble?.kind {
        case .different, .changed: copy.mirror
        case .unavailable, nil: trouble(.unavailable, text, of: copy)
        }
    }

    private func different(_ file: RemoteFile, _ copy: Copy) -> PayloadMirror {
        let found = file.size.map { $0 == copy.payload.size ? "other bits" : "\($0) bytes" } ?? "other bits"
        return trouble(
            .different, "The file at \(copy.mirror.url) has \(found), and is not the payload that was added.", of: copy,
            seen: Self.sight(of: file))
    }

    private static func sight(of file: RemoteFile) -> String { "\(file.size.map(String.init) ?? "-") \(file.mark ?? "-")" }

    private func trouble(_ kind: MirrorTrouble.Kind, _ text: String, of copy: Copy, seen: String? = nil) -> PayloadMirror {
        var mirror = copy.mirror
        let since = mirror.trouble?.since ?? now
        mirror.trouble = MirrorTrouble(kind: kind, since: since, text: text, seen: seen)
        return mirror
    }

    /// Writes down what changed, as an act of the server's own.
    private func record(_ mirror: PayloadMirror, of copy: Copy) async -> ProbeOutcome? {
        guard mirror != copy.mirror else { return nil }
        let payload = copy.payload
        let change = FleetChange.changeMirror(
            payload.application, payload.version, payload.architecture, source: payload.source, from: copy.mirror,
            to: mirror)
        let object = Self.object(payload.application, payload.version.text, payload.architecture.name)
        let detail = mirror.trouble?.text ?? "\(mirror.url) is the payload, and is offered"
        do {
            try await commit(change, by: .server, "payload.mirror", on: object, detail)
        } catch {
            return nil  // The payload was deleted or changed meanwhile; what is there is looked at the next time.
        }
        return ProbeOutcome(payload: payload, url: mirror.url, trouble: mirror.trouble)
    }
}
