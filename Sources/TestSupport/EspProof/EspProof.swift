import ContentTrust
import FleetTestKit
import HostLinux
package import SlotDevice
package import UpdateModel

/// Cuts the power at every write to an EFI system partition that a real machine made, and says what would have booted.
///
/// The machine ran with QEMU's driver `blklogwrites`. Everything before a flush is durable; of what was written after
/// it each prefix, all but each single write, each torn write, and some subsets by chance are looked at. Each is judged
/// as it is, and again after the repair that the machine makes before it mounts the partition.
package struct EspProof: Sendable {
    package struct Settings: Sendable {
        package var sampling = CutState.Sampling()
        package var seed: UInt64
        /// For each file that the loader takes, two images are kept in this folder, to be booted: the first, and the
        /// first that needs repair.
        package var keepSamplesIn: String?
        /// Where the slots' roots lie on the disk: while one is written, nothing of that slot may boot.
        package var slots: [Slot: Range<UInt64>] = [:]
        /// Of what is meant, what never passes its trial: it may not stand there as proven.
        package var hopeless: Set<String> = []

        package init(seed: UInt64, keepSamplesIn: String? = nil) {
            self.seed = seed
            self.keepSamplesIn = keepSamplesIn
        }
    }

    private let judge: EspJudge
    private let tools: VolumeTools
    private let settings: Settings

    /// - Parameter meant: the digests of all boot images that may lie there whole, and what to call them.
    package init(meant: [SHA256Digest: String], settings: Settings) throws(EspProofError) {
        self.judge = EspJudge(meant: meant, hopeless: settings.hopeless)
        self.tools = try VolumeTools()
        self.settings = settings
    }

    /// - Parameters:
    ///   - image: a file with the partition as it was before the machine was switched on. It is changed: in the end it
    ///     is as the machine left it.
    ///   - logs: what `blklogwrites` wrote down of the whole disk, one log for each power-on.
    ///   - range: where on the disk the partition lies.
    package func run(image: String, logs: [any BlockDevice], range: Range<UInt64>) async throws -> EspVerdict {
        var random = SeededRandom(seed: settings.seed)
        var verdict = EspVerdict(seed: settings.seed)
        let story = try logs.map { log throws(EspProofError) in
            try WriteLog(log, within: range, watching: settings.slots).windows
        }
        var spans = WritingSpans(story.flatMap { $0 })
        for (log, windows) in zip(logs, story) {
            let replayed = try ReplayedImage(path: image, log: log)
            try await inspect(replayed, "before the first write", &verdict)
            try await cut(windows, on: replayed, &spans, &random, &verdict)
        }
        return verdict
    }

    private func cut(
        _ windows: [WriteWindow], on replayed: ReplayedImage, _ spans: inout WritingSpans,
        _ random: inout SeededRandom, _ verdict: inout EspVerdict
    ) async throws {
        for (number, window) in windows.enumerated() {
            let written = spans.next()
            verdict.count(window)
            for state in states(of: window, using: &random) {
                let place = "window \(number + 1) of \(windows.count), \(state.what) of \(window.writes.count)"
                let before = verdict
                verdict = try await replayed.withState(state, of: window.writes) {
                    var next = before
                    try await inspect(replayed, whileWriting: written, place, &next)
                    return next
                }
            }
            try replayed.apply(window.writes)
        }
    }

    /// Where a slot is written besides, that may be all that reaches the medium.
    private func states(of window: WriteWindow, using random: inout SeededRandom) -> [CutState] {
        (window.slots.isEmpty ? [] : [.nothing])
            + CutState.states(of: window.writes, settings.sampling, using: &random)
    }

    private func inspect(
        _ image: ReplayedImage, whileWriting written: Set<Slot> = [], _ place: String, _ verdict: inout EspVerdict
    ) async throws {
        let sight = judge.look(at: image.device, whileWriting: written)
        verdict.add(sight, at: place)
        guard try verdict.isNewStructure(Self.structure(of: image.device)) else { return }
        let names = try await tools.names(in: image.path)
        if names != sight.names { verdict.add(.readersDisagree(ours: sight.names, theirs: names), at: place) }
        let complaints = try await tools.complaints(about: image.path)
        verdict.add(complaints: complaints)
        if !complaints.isEmpty { try await inspectRepaired(image.path, place, &verdict) }
        try await keepSample(of: image.path, sight, isDamaged: !complaints.isEmpty, &verdict)
    }

    private func inspectRepaired(_ path: String, _ place: String, _ verdict: inout EspVerdict) async throws {
        let copy = "\(path).repaired"
        try await tools.copy(path, to: copy)
        try await tools.repair(copy)
        let device = try FileBlockDevice(path: copy, access: .readOnly)
        verdict.repairs += 1
        for flaw in judge.look(at: device).flaws { verdict.add(flaw, at: "\(place), repaired") }
    }

    private func keepSample(
        of path: String, _ sight: EspSight, isDamaged: Bool, _ verdict: inout EspVerdict
    ) async throws {
        guard let folder = settings.keepSamplesIn, let file = sight.choice, let boots = sight.boots else { return }
        let choice = isDamaged ? "\(file), damaged" : file
        guard verdict.samples[choice] == nil else { return }
        let sample = EspVerdict.Sample(path: "\(folder)/sample-\(verdict.samples.count + 1).esp", boots: boots)
        try await tools.copy(path, to: sample.path)
        verdict.samples[choice] = sample
    }

    /// The digest of all that tells names, places and lengths; the programs of the system see nothing else.
    private static func structure(of device: any BlockDevice) throws -> SHA256Digest {
        let volume = try FATVolume(device)
        var digest = StreamDigest()
        for range in try volume.structure(to: EspJudge.directory) {
            digest.update(try device.read(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound)))
        }
        return digest.finalized()
    }
}
