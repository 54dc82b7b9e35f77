import CompressionCodecs
import ContentTrust
import FuzzDriver
import Glibc
import PayloadFormat
import PayloadInstaller
import SlotDevice
import UpdateModel

// Takes the input as a recipe for a payload: a few operations with extents and blobs of its choice, digests set right so
// that they are carried out. That may not crash, touch the source, or end well with other content than promised.
exit(
    fuzz { bytes in
        var recipe = Recipe(bytes)
        guard let payload = recipe.payload() else { return }
        let source = MemoryBlockDevice((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let before = source.bytes
        let target = MemoryBlockDevice(sizeBytes: 5000)
        var installation = PayloadInstallation(options: InstallationOptions(policy: .unverified)) {
            (_) throws(InstallationError) in ["system": InstallTarget(device: target, source: source)]
        }
        let result: InstallationResult?
        do throws(InstallationError) {
            try installation.consume(payload[...])
            result = try installation.finish()
        } catch {
            _ = error.userMessage.line
            result = nil
        }
        precondition(source.bytes == before, "The source was written.")
        guard let info = result?.partitions.first?.info else { return }
        let made = target.bytes.prefix(Int(info.sizeBytes))
        precondition(StreamDigest.digest(of: made) == info.digest, "Other content was reported as good.")
    })

/// Reads values from the input as long as there are bytes, and zeros afterwards.
private struct Recipe {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// An unsigned payload; `nil` when the recipe makes no sense even to the writer.
    mutating func payload() -> [UInt8]? {
        let format: FormatVersion = byte() & 3 == 0 ? .one : .two
        var operations: [PayloadOperation] = []
        var blobs: [UInt8] = []
        for _ in 0..<(byte() % 8) {
            let number = byte() % 16
            // The last numbers stand for those of our own.
            let kind = OperationKind(rawNumber: number < 11 ? UInt32(number) : 0x4D00 + UInt32(number - 11))
            var operation = PayloadOperation(kind: kind, sourceExtents: extents(), targetExtents: extents())
            if kind == .zstd || kind == .sourcePatch, byte() & 1 == 1 { operation.writtenExtents = extents() }
            if byte() & 1 == 1 { operation.sourceLength = UInt64(byte()) << 4 }
            if byte() & 1 == 1 { operation.targetLength = UInt64(byte()) << 4 }
            let blob = self.blob(of: kind)
            if !blob.isEmpty {
                operation.dataOffset = UInt64(blobs.count)
                operation.dataLength = UInt64(blob.count)
                operation.dataDigest = StreamDigest.digest(of: blob)
                blobs += blob
            }
            operations.append(operation)
        }
        let zeros = [UInt8](repeating: 0, count: Int(byte()) << 4)
        let info = ContentInfo(sizeBytes: UInt64(zeros.count), digest: StreamDigest.digest(of: zeros))
        let partition = PayloadPartition(name: "system", operations: operations, newInfo: info)
        let manifest = PayloadManifest(format: format, blockSize: 512, partitions: [partition])
        guard let envelope = try? PayloadEnvelope(manifest, signatureSizes: []) else { return nil }
        return envelope.metadata + blobs
    }

    /// Half of the zstd blobs are frames, of which some need a prefix: few inputs would hit one by chance. Nor would they hit
    /// a recipe, which stands packed before a patch.
    private mutating func blob(of kind: OperationKind) -> [UInt8] {
        let bytes = take(Int(byte()) * 2)
        if kind == .gzipPatch || kind == .packedPatch {
            let recipe = (try? Zstandard.compress(take(Int(byte() % 64)))) ?? []
            return [UInt8(clamping: recipe.count & 0x7F)] + recipe + bytes
        }
        guard kind == .zstd, byte() & 1 == 1 else { return bytes }
        let prefix = ZstandardPrefix([UInt8](repeating: 0, count: Int(byte()) << 5))
        let settings = ZstandardSettings(level: 1, hasChecksum: byte() & 1 == 1)
        let content = [UInt8](repeating: 0, count: Int(byte()) << 4) + bytes
        return (try? Zstandard.compress(content, settings: settings, prefix: prefix)) ?? bytes
    }

    private mutating func extents() -> [BlockExtent] {
        (0..<(byte() % 4)).map { _ in
            let start = byte()
            return BlockExtent(
                startBlock: start == 255 ? BlockExtent.holeStart : start == 254 ? .max - 1 : UInt64(start % 12),
                blockCount: UInt64(byte() % 12))
        }
    }

    private mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    private mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return taken
    }
}
