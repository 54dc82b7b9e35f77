import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

@Suite("An installation")
struct InstallationTests {
    private let image = mixedImage(1_500_000, seed: 11)

    @Test("writes nothing before the metadata's signature is verified (format 2)")
    func nothingWrittenUnverified() async throws {
        let payload = try await TestPayload.full(.two, [("system", image)], keys: [SampleKeys.second])
        let device = WatchedDevice(image.map { _ in 7 })
        #expect(throws: InstallationError.payload(.metadataSignatureInvalid)) {
            try install(
                payload, onto: ["system": InstallTarget(device: device)], policy: .trusting(SampleKeys.first), chunk: 1)
        }
        #expect(device.events.writes == 0)
    }

    @Test("of an unsigned payload is refused unless allowed, and writes nothing", arguments: FormatVersion.allCases)
    func unsigned(format: FormatVersion) async throws {
        let payload = try await TestPayload.full(format, [("system", image)])
        let device = WatchedDevice(image.map { _ in 7 })
        #expect(throws: InstallationError.self) {
            try install(payload, onto: ["system": InstallTarget(device: device)], policy: .trusting(SampleKeys.first))
        }
        #expect(device.events.writes == 0)
        try install(payload, onto: ["system": InstallTarget(device: device)])
        #expect(device.bytes == image)
    }

    @Test("asks before the first write, and a refusal stops it")
    func refused() async throws {
        let payload = try await TestPayload.full(.two, [("system", image)])
        let expected = InstallationError.refused(
            UserMessage("This content failed here before.", exit: .badData), updateEngineCode: 1)
        var installation = PayloadInstallation(options: InstallationOptions(policy: .unverified)) {
            (manifest) throws(InstallationError) in
            #expect(manifest.partitions.map(\.name) == ["system"])
            throw expected
        }
        #expect(throws: expected) { try installation.consume(payload[...]) }
    }

    @Test("is reported good only after what the medium gives back has been compared")
    func lyingMedium() async throws {
        let payload = try await TestPayload.full(.one, [("system", image), ("kernel", [1, 2, 3])])
        let good = MemoryBlockDevice([0, 0, 0])
        let lying = WatchedDevice(image, readsFlipped: true)
        let error = InstallationError.wrongResult(
            partition: "system", expected: TestPayload.info(image).digest,
            actual: TestPayload.info(image.map { ~$0 }).digest)
        #expect(throws: error) {
            try install(payload, onto: ["system": InstallTarget(device: lying), "kernel": InstallTarget(device: good)])
        }
        #expect(error.updateEngineCode == 15)
        let lyingKernel = WatchedDevice([0, 0, 0], readsFlipped: true)
        #expect {
            try install(payload, onto: ["kernel": InstallTarget(device: lyingKernel)])
        } throws: { ($0 as? InstallationError)?.updateEngineCode == 16 }
    }

    @Test("flushes its targets before it reads them back")
    func flushes() async throws {
        let payload = try await TestPayload.full(.two, [("system", image)])
        let device = WatchedDevice(image.map { _ in 7 })
        try install(payload, onto: ["system": InstallTarget(device: device)])
        #expect(device.events.flushes > 0)
    }

    @Test("of a partition that is larger than its target is refused before anything is written")
    func targetTooSmall() async throws {
        let payload = try await TestPayload.full(.two, [("system", image)])
        let device = WatchedDevice([UInt8](repeating: 0, count: image.count - 1))
        let error = InstallationError.targetTooSmall(
            partition: "system", neededBytes: UInt64(image.count), sizeBytes: UInt64(image.count - 1))
        #expect(throws: error) { try install(payload, onto: ["system": InstallTarget(device: device)]) }
        #expect(device.events.writes == 0)
    }

    @Test("of nothing that was asked for is refused")
    func nothing() async throws {
        let payload = try await TestPayload.full(.two, [("system", image)])
        #expect(throws: InstallationError.nothingToInstall) { try install(payload, onto: [:]) }
        #expect(throws: InstallationError.nothingToInstall) {
            try install(payload, onto: ["other": InstallTarget(device: MemoryBlockDevice([1]))])
        }
    }

    @Test("of a payload that does not tell its result is refused")
    func noResult() throws {
        let operation = PayloadOperation(kind: .zero, targetExtents: [BlockExtent(startBlock: 0, blockCount: 1)])
        let payload = try TestPayload.handMade(
            .two, [PayloadPartition(name: "system", operations: [operation])], blobs: [])
        #expect(throws: InstallationError.newInfoMissing(partition: "system")) {
            try install(payload, onto: ["system": InstallTarget(device: MemoryBlockDevice(sizeBytes: 512))])
        }
    }

    @Test("of a delta without a source, or with a wrong one, says so and names both digests")
    func wrongSource() throws {
        let (old, new) = (noise(1024, seed: 1), noise(1024, seed: 2))
        let operation = PayloadOperation(kind: .replace, targetExtents: [BlockExtent(startBlock: 0, blockCount: 2)])
        let partition = PayloadPartition(
            name: "system", operations: [operation], oldInfo: TestPayload.info(old), newInfo: TestPayload.info(new))
        for format in FormatVersion.allCases {
            let payload = try TestPayload.handMade(format, [partition], blobs: [new])
            let device = WatchedDevice([UInt8](repeating: 0, count: 1024))
            #expect(throws: InstallationError.sourceMissing(partition: "system")) {
                try install(payload, onto: ["system": InstallTarget(device: device)])
            }
            let error = InstallationError.wrongSource(
                partition: "system", expected: TestPayload.info(old), actual: TestPayload.info(new).digest)
            #expect(throws: error) {
                try install(payload, onto: ["system": InstallTarget(device: device, source: MemoryBlockDevice(new))])
            }
            let text = error.userMessage.line
            #expect(text.contains(TestPayload.info(old).digest.hexadecimal))
            #expect(text.contains(TestPayload.info(new).digest.hexadecimal))
            #expect(throws: InstallationError.self) {
                try install(payload, onto: ["system": InstallTarget(device: device, source: MemoryBlockDevice([1]))])
            }
            #expect(device.events.writes == 0)
            let right = InstallTarget(device: device, source: MemoryBlockDevice(old))
            try install(payload, onto: ["system": right])
            #expect(device.bytes == new)
        }
    }

    @Test("of a delta in place keeps what the payload leaves alone, and the source as it was")
    func seeded() throws {
        let old = noise(2048, seed: 3)
        var new = old
        new.replaceSubrange(512..<1024, with: [UInt8](repeating: 5, count: 512))
        let operation = PayloadOperation(kind: .replace, targetExtents: [BlockExtent(startBlock: 1, blockCount: 1)])
        let partition = PayloadPartition(
            name: "system", operations: [operation], oldInfo: TestPayload.info(old), newInfo: TestPayload.info(new))
        let payload = try TestPayload.handMade(.one, [partition], blobs: [[UInt8](repeating: 5, count: 512)])
        let (source, target) = (WatchedDevice(old), WatchedDevice(old.map { _ in 0 }))
        try install(payload, onto: ["system": InstallTarget(device: target, source: source)])
        #expect(target.bytes == new)
        #expect(source.events.writes == 0)
    }

    @Test("never ends well when the payload is cut short", arguments: FormatVersion.allCases)
    func everyTruncation(format: FormatVersion) async throws {
        let small = noise(3000, seed: 4)
        let payload = try await TestPayload.full(format, [("system", small)], keys: [SampleKeys.first])
        for count in 0..<payload.count {
            let target = MemoryBlockDevice(sizeBytes: 3000)
            #expect(throws: InstallationError.self, "\(count) bytes") {
                try install(
                    Array(payload.prefix(count)), onto: ["system": InstallTarget(device: target)],
                    policy: .trusting(SampleKeys.first))
            }
        }
    }

    @Test(
        "never reports other content as good, whichever bit of the payload is changed",
        arguments: FormatVersion.allCases)
    func everyBitFlip(format: FormatVersion) async throws {
        let small = [UInt8](repeating: 1, count: 600) + noise(60, seed: 5)
        let payload = try await TestPayload.full(format, [("system", small)], keys: [SampleKeys.first], blockSize: 512)
        for index in payload.indices {
            for bit in 0..<8 {
                var bytes = payload
                bytes[index] ^= 1 << UInt8(bit)
                let target = MemoryBlockDevice(sizeBytes: 660)
                // What is accepted at all (a number beside a signature may change) must make the same content.
                guard
                    let result = try? install(
                        bytes, onto: ["system": InstallTarget(device: target)], policy: .trusting(SampleKeys.first))
                else { continue }
                #expect(target.bytes == small, "bit \(bit) of byte \(index)")
                #expect(result.partitions.map(\.info) == [TestPayload.info(small)])
            }
        }
    }
}
