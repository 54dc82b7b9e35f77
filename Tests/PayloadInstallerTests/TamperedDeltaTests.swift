import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

/// What nobody but the payload's maker can do: blobs that were tampered with before their digests were taken.
@Suite("A delta that is damaged where its digests were made")
struct TamperedDeltaTests {
    @Test(
        "is refused, or found out by what it made, wherever a bit is turned",
        arguments: ["ext4", "erofs", "lz4.erofs", "gzip.ext4", "gzip.erofs"])
    func everyBlob(form: String) async throws {
        let old = MemoryBlockDevice(try VectorFiles.image("old.\(form)"))
        let new = MemoryBlockDevice(try VectorFiles.image("new.\(form)"))
        let builder = try DeltaPayloadBuilder(images: [.init(partition: "system", content: new, source: old)])
        let blobs = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let manifest = try await builder.build(onto: blobs)
        var tally: [Outcome: Int] = [:]
        for (index, operation) in manifest.partitions[0].operations.enumerated() where operation.dataLength > 0 {
            for place in stride(from: 0, to: operation.dataLength, by: 1 + Int(operation.dataLength) / 40) {
                let payload = try tampered(manifest, blobs, operation: index, at: place)
                tally[outcome(payload, from: old, to: new), default: 0] += 1
            }
        }
        let count = tally.values.reduce(0, +)
        #expect(count >= 40)
        #expect(tally[.other] == nil, "\(tally)")
        // In its header a patch may say of its memory what it likes.
        #expect(tally[.harmless, default: 0] <= count / 5, "\(tally)")
    }

    private enum Outcome {
        /// While the operation was carried out.
        case refused
        /// By the digest of all that was made.
        case foundOut
        /// What was made is right.
        case harmless
        /// Success with other bytes, or an error that blames somebody else.
        case other
    }

    private func outcome(_ payload: [UInt8], from old: MemoryBlockDevice, to new: MemoryBlockDevice) -> Outcome {
        let target = MemoryBlockDevice(sizeBytes: new.sizeBytes)
        do throws(InstallationError) {
            try install(payload, onto: ["system": InstallTarget(device: target, source: old)])
            return target.bytes == new.bytes ? .harmless : .other
        } catch {
            switch error {
            case .badPatch, .badRecipe, .badCompression, .wrongLength, .outOfRange, .otherEncoder: return .refused
            case .wrongResult: return .foundOut
            default: return .other
            }
        }
    }

    /// The payload with one bit of one blob turned, and the digest that belongs to it.
    private func tampered(
        _ manifest: PayloadManifest, _ blobs: MemoryBlockDevice, operation index: Int, at place: UInt64
    ) throws -> [UInt8] {
        var partition = manifest.partitions[0]
        let operation = partition.operations[index]
        var blob = try blobs.read(at: operation.dataOffset, count: Int(operation.dataLength))
        blob[Int(place)] ^= 1 << UInt8(place % 8)
        partition.operations[index].dataDigest = StreamDigest.digest(of: blob)
        let all = MemoryBlockDevice(Array(blobs.bytes.prefix(Int(manifest.blobsLength))))
        try all.write(blob[...], at: operation.dataOffset)
        let changed = PayloadManifest(
            format: manifest.format, minorVersion: manifest.minorVersion, partitions: [partition])
        return try TestPayload.compose(changed, blobs: all, keys: [])
    }
}
