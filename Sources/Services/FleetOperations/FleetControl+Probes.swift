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
    /// After so long nothing more is begun in one go.
    private static let turnSeconds: Int64 = 60

    /// Probes the copies that are due, those first that nobody looked at for longest. A copy that is gone or changed is
    /// not offered from then on; one that was not there and is as it was is offered again.
    ///
    /// What is left after ``turnSeconds`` is left to the next call.
    package func probePayloads() async throws(OperationError) -> [ProbeOutcome] {
        let start = clock.mark.uptimeMicroseconds
        let all = try await copiesElsewhere()
        probes.keep(Set(all.map(\.key)))
        let due = all.filter { probes.mayProbe($0.key, isInTrouble: $0.mirror.trouble != nil, at: start) }
            .map { (copy: $0, last: probes.lastProbe($0.key) ?? .min) }.sorted { $0.last < $1.last }
        var turn = ProbeTurn(due.map(\.copy))
        return await withTaskGroup(of: Probe.self) { group in
            var outcomes: [ProbeOutcome] = []
            while true {
                while isBeforeEnd(ofTurnFrom: start), let copy = turn.next() { group.addTask { await probe(copy) } }
                guard let probe = await group.next() else { return outcomes }
                turn.end(probe.copy, after: probe.microseconds)
                if let outcome = probe.outcome { outcomes.append(outcome) }
            }
        }
    }

    /// Reads the copies that changed, one after the other, and now and then those that became another file and have no
    /// name that could change. One that still is the payload, or is it again, is offered again.
    ///
    /// May be called again while it is under way: an application of which a copy is being read is passed over then.
    /// What is left after ``turnSeconds`` is left to the next call, which knows better what there is.
    package func readChangedPayloads() async throws(OperationError) -> [ProbeOutcome] {
        var outcomes: [ProbeOutcome] = []
        let start = clock.mark.uptimeMicroseconds
        let doubtful = try await copiesElsewhere(inTrouble: true).filter { $0.readingInterval != nil }
        for copy in doubtful.sorted(by: { probes.lastReading($0.key) ?? .min < probes.lastReading($1.key) ?? .min }) {
            let uptime = clock.mark.uptimeMicroseconds
            guard isBeforeEnd(ofTurnFrom: start), let interval = copy.readingInterval else { break }
            guard probes.mayRead(copy.key, after: interval, at: uptime), readings.begin(copy.payload.application) else {
                continue
            }
            defer { readings.end(copy.payload.application) }
            probes.noteReading(copy.key, at: uptime)
            if let outcome = await readAgain(copy) { outcomes.append(outcome) }
        }
        return outcomes
    }

    private func isBeforeEnd(ofTurnFrom start: Int64) -> Bool {
        !Task.isCancelled && clock.mark.uptimeMicroseconds - start < Self.turnSeconds * 1_000_000
    }

    private func copiesElsewhere(inTrouble: Bool = false) async throws(OperationError) -> [CopyElsewhere] {
        var copies: [CopyElsewhere] = []
        var offset = 0
        while true {
            let page = PageRequest(limit: PageRequest.limitMaximum, offset: offset)
            let payloads = try await payloadsElsewhere(of: nil, page, by: .server)
            copies += payloads.items.flatMap { payload in
                payload.mirrors.map { CopyElsewhere(payload: payload, mirror: $0) }
            }
            offset += payloads.items.count
            // Those in trouble come first.
            let isOver = inTrouble && payloads.items.last?.troubleCount == 0
            if payloads.items.isEmpty || offset >= payloads.total || isOver { return copies }
        }
    }
}

// What a look at a copy makes of it.
extension FleetControl {
    /// A probe that is over.
    private struct Probe: Sendable {
        let copy: CopyElsewhere
        let outcome: ProbeOutcome?
        /// How long it took.
        let microseconds: Int64
    }

    private func probe(_ copy: CopyElsewhere) async -> Probe {
        let start = clock.mark.uptimeMicroseconds
        probes.noteProbe(copy.key, at: start)
        let outcome = await outcome(ofProbing: copy)
        return Probe(copy: copy, outcome: outcome, microseconds: clock.mark.uptimeMicroseconds - start)
    }

    private func outcome(ofProbing copy: CopyElsewhere) async -> ProbeOutcome? {
        do {
            let file = try await remote.probe(copy.mirror.url, expecting: copy.payload.size)
            probes.noteAnswer(copy.key)
            // A server with a new name at every turn says nothing by it: what was right when it was read is in doubt no
            // sooner than it may be read again.
            let mayRead = probes.mayRead(copy.key, after: ProbeBook.readingInterval, at: clock.mark.uptimeMicroseconds)
            if copy.mirror.trouble == nil, copy.hasRightSize(file), !mayRead { return nil }
            return await record(copy.judged(file, at: now), of: copy)
        } catch {
            guard !Task.isCancelled else { return nil }
            if case .notAsked = error {
                probes.forgetProbe(copy.key)
                return nil
            }
            // What was lost once may be there a minute later; machines go on meanwhile.
            guard probes.noteFailure(copy.key) >= ProbeBook.failuresMaximum else { return nil }
            return await record(copy.unanswered(error.userMessage.text, at: now), of: copy)
        }
    }

    private func readAgain(_ copy: CopyElsewhere) async -> ProbeOutcome? {
        do {
            let found = try await read(copy.mirror.url, of: copy.payload)
            if copy.mirror.trouble?.kind == .changed { probes.noteFall(copy.key, at: clock.mark.uptimeMicroseconds) }
            guard found.digest == copy.payload.sha256 else {
                return await record(copy.different(found.file, at: now), of: copy)
            }
            return await record(copy.recognised(as: await names(of: found.file, copy)), of: copy)
        } catch {
            guard !Task.isCancelled else { return nil }
            return await record(copy.unanswered(Self.words(for: error), at: now), of: copy)
        }
    }

    /// What a copy is called whose bits are right: what was said when it was read, and what was said before, where it
    /// is said still.
    private func names(of file: RemoteFile, _ copy: CopyElsewhere) async -> [String] {
        let name = copy.name(of: file)
        let seen = copy.mirror.trouble?.seen ?? ""
        guard seen != name, let again = try? await remote.probe(copy.mirror.url, expecting: copy.payload.size),
            copy.name(of: again) == seen
        else { return [name] }  // Who does not answer now is asked again soon.
        return [name, seen]
    }

    /// Writes down what changed, as an act of the server's own.
    private func record(_ mirror: PayloadMirror, of copy: CopyElsewhere) async -> ProbeOutcome? {
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
        if mirror.trouble?.kind == .unavailable { probes.noteFall(copy.key, at: clock.mark.uptimeMicroseconds) }
        return ProbeOutcome(payload: payload, url: mirror.url, trouble: mirror.trouble)
    }
}
