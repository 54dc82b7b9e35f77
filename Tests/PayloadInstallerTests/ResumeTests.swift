import PayloadFormat
import PayloadInstaller
import SlotDevice
import Synchronization
import Testing

@Suite("An interrupted installation")
struct ResumeTests {
    /// What an installation leaves behind for the next process.
    private final class Notebook: Sendable {
        let checkpoints = Mutex<[PayloadCheckpoint]>([])
        func add(_ checkpoint: PayloadCheckpoint) { checkpoints.withLock { $0.append(checkpoint) } }
        var all: [PayloadCheckpoint] { checkpoints.withLock { $0 } }
    }

    private func payload(_ format: FormatVersion) async throws -> (images: [(String, [UInt8])], bytes: [UInt8]) {
        let images = [("system", mixedImage(4_300_000, seed: 21)), ("kernel", mixedImage(300_000, seed: 22))]
        return (images, try await TestPayload.full(format, images, keys: [SampleKeys.first]))
    }

    private func options(_ payload: [UInt8]) -> InstallationOptions {
        InstallationOptions(
            policy: .trusting(SampleKeys.first),
            expectation: PayloadExpectation(sizeBytes: UInt64(payload.count), digest: TestPayload.info(payload).digest),
            checkpointIntervalBytes: 1)
    }

    @Test("goes on from every checkpoint to the same slot and the same result", arguments: FormatVersion.allCases)
    func everyCheckpoint(format: FormatVersion) async throws {
        let (images, payload) = try await payload(format)
        let notebook = Notebook()
        let first = targets(images)
        var installation = PayloadInstallation(
            options: options(payload), storeCheckpoint: { (point) throws(InstallationError) in notebook.add(point) },
            resolve: { (_) throws(InstallationError) in first.mapValues { InstallTarget(device: $0) } })
        try installation.consume(payload[...])
        let result = try installation.finish()
        let metadata = try #require(installation.metadata)
        #expect(notebook.all.count >= 2)
        for checkpoint in notebook.all {
            let devices = targets(images)
            // Only what the checkpoint vouches for is there: the rest of the payload is applied to it.
            try replay(payload, upTo: checkpoint, onto: devices)
            var resumed = try PayloadInstallation(
                resuming: checkpoint, metadata: metadata, options: options(payload),
                resolve: { (_) throws(InstallationError) in devices.mapValues { InstallTarget(device: $0) } })
            try resumed.consume(payload.dropFirst(Int(checkpoint.nextByteOffset)))
            #expect(try resumed.finish() == result)
            for (name, image) in images { #expect(devices[name]?.bytes == image) }
        }
    }

    @Test("by loss of power at every write goes on and ends well", arguments: FormatVersion.allCases)
    func everyWrite(format: FormatVersion) async throws {
        let image = mixedImage(7_300_000, seed: 23)
        let payload = try await TestPayload.full(format, [("system", image)], keys: [SampleKeys.first])
        for writes in 0... {
            let notebook = Notebook()
            let device = WatchedDevice(image.map { _ in 0xEE }, writesUntilFailure: writes)
            var metadata: [UInt8]?
            do throws(InstallationError) {
                var installation = PayloadInstallation(
                    options: options(payload),
                    storeCheckpoint: { (point) throws(InstallationError) in notebook.add(point) },
                    resolve: { (_) throws(InstallationError) in ["system": InstallTarget(device: device)] })
                defer { metadata = installation.metadata }
                try installation.consume(payload[...])
                _ = try installation.finish()
                #expect(device.bytes == image)
                #expect(writes > 5)
                break  // It finished before the cut: every earlier point has been tried.
            } catch {
                #expect(error == .device(partition: "system", .powerLost))
            }
            let survivor = MemoryBlockDevice(device.bytes)
            let again = ["system": InstallTarget(device: survivor)]
            if let checkpoint = notebook.all.last {
                var resumed = try PayloadInstallation(
                    resuming: checkpoint, metadata: try #require(metadata), options: options(payload),
                    resolve: { (_) throws(InstallationError) in again })
                try resumed.consume(payload.dropFirst(Int(checkpoint.nextByteOffset)))
                _ = try resumed.finish()
            } else {
                try install(payload, onto: again, policy: .trusting(SampleKeys.first))
            }
            #expect(survivor.bytes == image, "\(writes) writes")
        }
    }

    @Test("on other bytes than it went by is found out")
    func slotChanged() async throws {
        let (images, payload) = try await payload(.two)
        let notebook = Notebook()
        let first = targets(images)
        var installation = PayloadInstallation(
            options: options(payload), storeCheckpoint: { (point) throws(InstallationError) in notebook.add(point) },
            resolve: { (_) throws(InstallationError) in first.mapValues { InstallTarget(device: $0) } })
        try installation.consume(payload[...])
        let checkpoint = try #require(notebook.all.last)
        let devices = targets(images)  // Empty: nothing of what the checkpoint claims is there.
        var resumed = try PayloadInstallation(
            resuming: checkpoint, metadata: try #require(installation.metadata), options: options(payload),
            resolve: { (_) throws(InstallationError) in devices.mapValues { InstallTarget(device: $0) } })
        try resumed.consume(payload.dropFirst(Int(checkpoint.nextByteOffset)))
        #expect {
            _ = try resumed.finish()
        } throws: { ($0 as? InstallationError)?.updateEngineCode == 15 }
    }

    @Test("that patches in place makes no checkpoints, for its operations cannot be done twice")
    func inPlace() throws {
        let (old, new) = (noise(4096, seed: 31), noise(4096, seed: 32))
        let operations = (0..<8).map {
            PayloadOperation(kind: .replace, targetExtents: [BlockExtent(startBlock: UInt64($0), blockCount: 1)])
        }
        let partition = PayloadPartition(
            name: "system", operations: operations, oldInfo: TestPayload.info(old), newInfo: TestPayload.info(new))
        let blobs = (0..<8).map { Array(new[($0 * 512)..<($0 * 512 + 512)]) }
        let payload = try TestPayload.handMade(.one, [partition], blobs: blobs)
        let notebook = Notebook()
        let target = InstallTarget(device: MemoryBlockDevice(sizeBytes: 4096), source: MemoryBlockDevice(old))
        var options = InstallationOptions(policy: .unverified)
        options.checkpointIntervalBytes = 1
        var installation = PayloadInstallation(
            options: options, storeCheckpoint: { (point) throws(InstallationError) in notebook.add(point) },
            resolve: { (_) throws(InstallationError) in ["system": target] })
        try installation.consume(payload[...])
        _ = try installation.finish()
        #expect(notebook.all.isEmpty)
    }

    private func targets(_ images: [(String, [UInt8])]) -> [String: MemoryBlockDevice] {
        Dictionary(uniqueKeysWithValues: images.map { ($0, MemoryBlockDevice($1.map { _ in 0xEE })) })
    }

    /// Installs as much as lies before `checkpoint`, and nothing more.
    private func replay(
        _ payload: [UInt8], upTo checkpoint: PayloadCheckpoint, onto devices: [String: MemoryBlockDevice]
    ) throws {
        var installation = PayloadInstallation(options: options(payload)) { (_) throws(InstallationError) in
            devices.mapValues { InstallTarget(device: $0) }
        }
        try installation.consume(payload.prefix(Int(checkpoint.nextByteOffset)))
    }
}
