import ContentTrust
import FoundationEssentials
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

/// Payloads of Flatcar's own generator: applied, taken apart, made again, each time byte for byte.
@Suite("Payloads of the other implementation")
struct VectorTests {
    /// What the delta makes of the old image and the old kernel.
    private static let made = Result { try applyDelta() }

    private static func applyDelta() throws -> (image: [UInt8], kernel: [UInt8], result: InstallationResult) {
        let payload = try VectorFiles.bytes("delta-kernel-2sig.crau")
        let (oldImage, oldKernel) = (try VectorFiles.unpacked("old.img"), try VectorFiles.unpacked("old.kernel"))
        let manifest = try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified).manifest
        let targets = try ["system": oldImage, "kernel": oldKernel].map { name, old in
            let partition = try #require(manifest.partition(named: name))
            let target = MemoryBlockDevice(sizeBytes: manifest.workingSizeBytes(of: partition))
            return (name, target, InstallTarget(device: target, source: MemoryBlockDevice(old)))
        }
        let keys = try VerificationKey(pem: VectorFiles.text("test_key2.pub.pem"))
        let result = try install(
            payload, onto: Dictionary(uniqueKeysWithValues: targets.map { ($0.0, $0.2) }),
            policy: .trusted(TrustedKeys(keys: [keys])))
        func bytes(_ name: String) throws -> [UInt8] {
            let size = Int(try #require(manifest.partition(named: name)?.newInfo).sizeBytes)
            return Array(try #require(targets.first { $0.0 == name }).1.bytes.prefix(size))
        }
        return (try bytes("system"), try bytes("kernel"), result)
    }

    @Test("a delta with MOVE, BSDIFF, REPLACE and REPLACE_BZ makes the recorded image and kernel")
    func delta() throws {
        let made = try Self.made.get()
        #expect(StreamDigest.digest(of: made.image).hexadecimal == (try VectorFiles.recordedDigest("new.img")))
        #expect(StreamDigest.digest(of: made.kernel).hexadecimal == (try VectorFiles.recordedDigest("new.kernel")))
        #expect(made.result.partitions.map(\.name) == ["system", "kernel"])
        #expect(made.result.skippedPartitions.isEmpty)
    }

    @Test("a full payload is made again byte for byte", arguments: ["full-kernel-signed", "full-kernel-2sig"])
    func fullSigned(name: String) async throws {
        let made = try Self.made.get()
        let payload = try await rebuilt(made.image, made.kernel, signatures: name)
        #expect(StreamDigest.digest(of: payload).hexadecimal == (try VectorFiles.recordedDigest("\(name).crau")))
        let key = try VerificationKey(pem: VectorFiles.text("test_key.pub.pem"))
        let scan = try PayloadScan(of: MemoryBlockDevice(payload), policy: .trusted(TrustedKeys(keys: [key])))
        #expect(scan.summary.signer == key)
        let image = MemoryBlockDevice(sizeBytes: UInt64(made.image.count))
        let result = try install(payload, onto: ["system": InstallTarget(device: image)])
        #expect(image.bytes == made.image)
        #expect(result.skippedPartitions == ["kernel"])
        #expect(result.contentDigest == made.result.contentDigest, "a full payload and a delta to the same slot")
    }

    @Test("an unsigned full payload without kernel is made again byte for byte")
    func fullUnsigned() async throws {
        let payload = try await TestPayload.full(.one, [("system", Self.made.get().image)])
        #expect(
            StreamDigest.digest(of: payload).hexadecimal
                == (try VectorFiles.recordedDigest("full-nokernel-unsigned.crau")))
    }

    @Test("the digest for two signatures is the one that was signed there, not that of the unsigned metadata")
    func hash() async throws {
        let made = try Self.made.get()
        let recorded = try VectorFiles.bytes("full-kernel-2sig.hash")
        for signatures in [nil, "full-kernel-signed", "full-kernel-2sig"] as [String?] {
            let payload = MemoryBlockDevice(try await rebuilt(made.image, made.kernel, signatures: signatures))
            let scan = try PayloadScan(of: payload, policy: .unverified)
            let envelope = try PayloadEnvelope(resigning: scan.manifestBytes, format: .one, signatureSizes: [256, 256])
            let composer = try PayloadComposer(
                envelope, blobs: payload, blobsOffset: scan.header.blobsOffset, blobsLength: scan.manifest.blobsLength)
            #expect(try composer.payloadDigest().bytes == recorded)
        }
    }

    @Test("a delta's signatures are taken off, exchanged and put back byte for byte")
    func resigned() throws {
        let payload = try VectorFiles.bytes("delta-kernel-2sig.crau")
        func digest(_ sizes: [Int], _ signatures: [[UInt8]]) throws -> String {
            StreamDigest.digest(of: try resign(payload, sizes, signatures)).hexadecimal
        }
        let two = try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified).summary.signatures.map(\.bytes)
        let one = try signatures("delta-kernel-signed")
        #expect(try digest([], []) == VectorFiles.recordedDigest("delta-kernel-unsigned.crau"))
        #expect(try digest([256], one) == VectorFiles.recordedDigest("delta-kernel-signed.crau"))
        #expect(try digest([256, 256], two) == VectorFiles.recordedDigest("delta-kernel-2sig.crau"))
    }

    @Test("both keys of a payload with two signatures are recognised, a third is not")
    func keys() throws {
        let payload = MemoryBlockDevice(try VectorFiles.bytes("delta-kernel-2sig.crau"))
        for name in ["test_key.pub.pem", "test_key2.pub.pem"] {
            let key = try VerificationKey(pem: VectorFiles.text(name))
            #expect(try PayloadScan(of: payload, policy: .trusted(TrustedKeys(keys: [key]))).summary.signer == key)
        }
        #expect(throws: InstallationError.payload(.signatureInvalid)) {
            try PayloadScan(of: payload, policy: .trusting(SampleKeys.first))
        }
    }

    @Test(
        "every file of the complete folder gives the recorded image and kernel",
        .enabled(if: VectorFiles.completeFolder != nil, "the complete vectors are not beside the sources"),
        arguments: [
            "full-kernel-signed", "full-kernel-2sig", "full-nokernel-unsigned", "delta-kernel-unsigned",
            "delta-kernel-signed", "delta-kernel-2sig",
        ])
    func complete(name: String) throws {
        let folder = try #require(VectorFiles.completeFolder)
        let payload = Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name).crau")))
        let made = try Self.made.get()
        let image = MemoryBlockDevice(sizeBytes: UInt64(made.image.count))
        let kernel = MemoryBlockDevice(sizeBytes: UInt64(made.kernel.count))
        let sources: [[UInt8]?] =
            name.hasPrefix("delta")
            ? [try VectorFiles.unpacked("old.img"), try VectorFiles.unpacked("old.kernel")] : [nil, nil]
        try install(
            payload,
            onto: [
                "system": InstallTarget(device: image, source: sources[0].map { MemoryBlockDevice($0) }),
                "kernel": InstallTarget(device: kernel, source: sources[1].map { MemoryBlockDevice($0) }),
            ])
        #expect(image.bytes == made.image)
        if !name.contains("nokernel") { #expect(kernel.bytes == made.kernel) }
    }

    /// The full payload of `image` and `kernel`, with the signatures recorded under a name.
    private func rebuilt(_ image: [UInt8], _ kernel: [UInt8], signatures name: String?) async throws -> [UInt8] {
        let unsigned = try await TestPayload.full(.one, [("system", image), ("kernel", kernel)])
        guard let name else { return unsigned }
        let recorded = try signatures(name)
        return try resign(unsigned, recorded.map(\.count), recorded)
    }

    private func resign(_ payload: [UInt8], _ sizes: [Int], _ signatures: [[UInt8]]) throws -> [UInt8] {
        let device = MemoryBlockDevice(payload)
        let scan = try PayloadScan(of: device, policy: .unverified)
        let envelope = try PayloadEnvelope(resigning: scan.manifestBytes, format: .one, signatureSizes: sizes)
        let composer = try PayloadComposer(
            envelope, blobs: device, blobsOffset: scan.header.blobsOffset, blobsLength: scan.manifest.blobsLength)
        return try TestPayload.compose(composer, .detached(payload: signatures, metadata: []))
    }

    /// Each recorded message of signatures is 264 bytes a signature: 8 of frame, 256 of RSA-2048.
    private func signatures(_ name: String) throws -> [[UInt8]] {
        let message = try VectorFiles.bytes("\(name).signatures")
        return stride(from: 0, to: message.count, by: 264).map { Array(message[($0 + 8)..<($0 + 264)]) }
    }
}
