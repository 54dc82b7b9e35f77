import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Synchronization
import Testing
import UpdateModel

@Suite("An interrupted delta")
struct DeltaResumeTests {
    @Test("goes on from every checkpoint of all its partitions, with no more on the slots than it vouches for")
    func everyCheckpoint() async throws {
        var (sources, contents) = ([String: MemoryBlockDevice](), [String: [UInt8]]())
        for form in ["erofs", "ext4", "lz4.erofs"] {
            sources[form] = MemoryBlockDevice(try VectorFiles.image("old.\(form)"))
            contents[form] = try VectorFiles.image("new.\(form)")
        }
        let payload = try await delta(from: sources, to: contents)
        /// Slots that hold nothing of what they will.
        func targets() -> [String: InstallTarget] {
            contents.mapValues { WatchedDevice([UInt8](repeating: 0xEE, count: $0.count)) }
                .reduce(into: [:]) { $0[$1.key] = InstallTarget(device: $1.value, source: sources[$1.key]) }
        }
        let whole = try run(payload, onto: targets())
        #expect(whole.points.count >= 3)
        for point in whole.points {
            let targets = targets()
            try interrupt(payload, at: point, onto: targets)
            #expect(try resume(whole.metadata, point, payload, onto: targets) == whole.result)
            for (name, content) in contents { #expect((targets[name]?.device as? WatchedDevice)?.bytes == content) }
        }
    }

    @Test("reads what an earlier run wrote back while it goes on, and only once", arguments: [1, 7, 13])
    func readBack(operationsKept: Int) throws {
        let made = try StripedDelta()
        let whole = try run(made.payload, onto: made.target(slot(made.new.count)))
        let point = try #require(whole.points.first { $0.nextOperation == operationsKept })
        let device = slot(made.new.count)
        try interrupt(made.payload, at: point, onto: made.target(device))
        let before = device.events
        #expect(try resume(whole.metadata, point, made.payload, onto: made.target(device)) == whole.result)
        #expect(device.bytes == made.new)
        // At every fourth MiB what stood there at the last such place is flushed and read, the first run's included. If
        // that did not count, there would be a gap at the beginning, and nothing could be read before the end.
        let flushes = device.events.flushes - before.flushes
        #expect(flushes == (StripedDelta.stripeCount - operationsKept) / 4, "\(flushes) flushes")
        #expect(device.events.bytesRead - before.bytesRead == UInt64(made.new.count))
    }

    @Test("finds out that what it wrote before was damaged, wherever that is", arguments: [1, 7, 13])
    func damaged(operationsKept: Int) throws {
        let made = try StripedDelta()
        let whole = try run(made.payload, onto: made.target(slot(made.new.count)))
        let point = try #require(whole.points.first { $0.nextOperation == operationsKept })
        let keptBytes = operationsKept * StripedDelta.stripeBytes
        for place in [0, keptBytes / 2, keptBytes - 1] {
            let device = slot(made.new.count)
            try interrupt(made.payload, at: point, onto: made.target(device))
            let byte = try device.read(at: UInt64(place), count: 1)
            try device.write([byte[0] ^ 1], at: UInt64(place))
            var damaged = made.new
            damaged[place] ^= 1
            let failure = InstallationError.wrongResult(
                partition: "system", expected: TestPayload.info(made.new).digest,
                actual: TestPayload.info(damaged).digest)
            #expect(throws: failure) {
                try resume(whole.metadata, point, made.payload, onto: made.target(device))
            }
        }
    }

    // MARK: - Runs

    /// What a run that was not interrupted left behind.
    private struct WholeRun {
        let points: [PayloadCheckpoint]
        let metadata: [UInt8]
        let result: InstallationResult
    }

    private func run(_ payload: [UInt8], onto targets: [String: InstallTarget]) throws -> WholeRun {
        let points = Mutex<[PayloadCheckpoint]>([])
        var installation = PayloadInstallation(
            options: options(payload),
            storeCheckpoint: { (point) throws(InstallationError) in points.withLock { $0.append(point) } },
            resolve: { (_) throws(InstallationError) in targets })
        try installation.consume(payload[...])
        let result = try installation.finish()
        return WholeRun(
            points: points.withLock { $0 }, metadata: try #require(installation.metadata), result: result)
    }

    /// Applies what lies before `point`, makes it durable, and ends.
    private func interrupt(
        _ payload: [UInt8], at point: PayloadCheckpoint, onto targets: [String: InstallTarget]
    ) throws {
        var installation = PayloadInstallation(
            options: options(payload), storeCheckpoint: { (_) throws(InstallationError) in },
            resolve: { (_) throws(InstallationError) in targets })
        try installation.consume(payload.prefix(Int(point.nextByteOffset)))
    }

    private func resume(
        _ metadata: [UInt8], _ point: PayloadCheckpoint, _ payload: [UInt8], onto targets: [String: InstallTarget]
    ) throws -> InstallationResult {
        var installation = try PayloadInstallation(
            resuming: point, metadata: metadata, options: options(payload),
            resolve: { (_) throws(InstallationError) in targets })
        try installation.consume(payload.dropFirst(Int(point.nextByteOffset)))
        return try installation.finish()
    }

    private func options(_ payload: [UInt8]) -> InstallationOptions {
        var options = InstallationOptions(
            policy: .unverified,
            expectation: PayloadExpectation(sizeBytes: UInt64(payload.count), digest: StreamDigest.digest(of: payload)),
            checkpointIntervalBytes: 1)
        options.readBackIntervalBytes = 1
        return options
    }

    /// A slot that holds nothing of what it will.
    private func slot(_ byteCount: Int) -> WatchedDevice { WatchedDevice([UInt8](repeating: 0xEE, count: byteCount)) }

    // MARK: - Deltas

    private func delta(from old: [String: MemoryBlockDevice], to new: [String: [UInt8]]) async throws -> [UInt8] {
        let builder = try DeltaPayloadBuilder(
            images: new.sorted { $0.key < $1.key }.map {
                .init(partition: $0.key, content: MemoryBlockDevice($0.value), source: old[$0.key])
            })
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        return try TestPayload.compose(try await builder.build(onto: scratch), blobs: scratch, keys: [])
    }
}

/// A delta of stripes of 1 MiB in order: one is copied from the source, the next is new.
private struct StripedDelta {
    static let stripeCount = 24
    static let stripeBytes = 1 << 20

    let old: [UInt8]
    let new: [UInt8]
    let payload: [UInt8]

    func target(_ device: WatchedDevice) -> [String: InstallTarget] {
        ["system": InstallTarget(device: device, source: MemoryBlockDevice(old))]
    }

    init() throws {
        let size = Self.stripeCount * Self.stripeBytes
        old = noise(size, seed: 41)
        var (new, blobs, operations) = (old, [[UInt8]](), [PayloadOperation]())
        for index in 0..<Self.stripeCount {
            let range = index * Self.stripeBytes..<(index + 1) * Self.stripeBytes
            let extent = BlockExtent(startBlock: UInt64(range.lowerBound / 4096), blockCount: 256)
            let isNew = index % 2 == 0
            if isNew {
                blobs.append(noise(range.count, seed: UInt64(index)))
                new.replaceSubrange(range, with: blobs[blobs.count - 1])
            }
            operations.append(
                PayloadOperation(
                    kind: isNew ? .replace : .sourceCopy, sourceExtents: isNew ? [] : [extent],
                    targetExtents: [extent]))
        }
        self.new = new
        let partition = PayloadPartition(
            name: "system", operations: operations, oldInfo: TestPayload.info(old), newInfo: TestPayload.info(new))
        payload = try TestPayload.handMade(.two, blockSize: 4096, [partition], blobs: blobs)
    }
}
