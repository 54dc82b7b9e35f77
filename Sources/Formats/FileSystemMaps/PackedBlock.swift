internal import CLZ4

/// Blocks that hold as much of a file as LZ4 packs into 4096 bytes, as `mkfs.erofs` makes them.
///
/// The packed bytes end with the block; zeros stand before them. Source: erofs-utils, lib/compress.c.
public enum PackedBlock {
    public static let byteCount = 4096

    /// Which encoder fills the blocks. Another release of the library may make other blocks of the same content.
    public struct Encoder: Hashable, Sendable {
        /// `LZ4_versionNumber()`.
        public let libraryVersion: UInt64
        /// As `mkfs.erofs` counts: 0 is the fast encoder, 1 to 12 are those of lz4hc.
        public let level: Int

        /// - Returns: `nil` for a level that does not exist.
        public init?(libraryVersion: UInt64 = PackedBlock.libraryVersion, level: Int) {
            guard (0...12).contains(level) else { return nil }
            self.libraryVersion = libraryVersion
            self.level = level
        }
    }

    public static var libraryVersion: UInt64 { UInt64(clamping: LZ4_versionNumber()) }

    /// The encoder looks so far beyond what it packs; where less follows, it chooses otherwise.
    public static let lookaheadByteCount = 1024

    /// The content of a block.
    /// - Parameter count: How many bytes it holds.
    /// - Returns: `nil` when it does not.
    public static func unpack(_ block: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
        guard let start = block.firstIndex(where: { $0 != 0 }) else { return nil }
        let packed = block[start...]
        var result: Int32 = -1
        let content = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            unsafe packed.withUnsafeBytes { source in
                result = unsafe LZ4_decompress_safe(
                    source.assumingMemoryBound(to: CChar.self).baseAddress,
                    UnsafeMutableRawPointer(target.baseAddress)?.assumingMemoryBound(to: CChar.self),
                    Int32(source.count), Int32(clamping: count))
            }
            initialized = result == Int32(clamping: count) ? count : 0
        }
        return content.count == count ? content : nil
    }

    /// The block that holds the first `count` bytes of `content`.
    /// - Parameter content: What is packed, and what follows it in the file, as far as the encoder looks.
    /// - Returns: `nil` when the encoder would pack another number of bytes.
    public static func pack(_ content: ArraySlice<UInt8>, count: Int, with encoder: Encoder) -> [UInt8]? {
        guard count <= content.count else { return nil }
        let seen = content.prefix(count + lookaheadByteCount)
        var packedCount: Int32 = 0
        var consumed = Int32(clamping: seen.count)
        let state = UnsafeMutableRawPointer.allocate(
            byteCount: Int(max(LZ4_sizeofStateHC(), LZ4_sizeofState())), alignment: 16)
        defer { unsafe state.deallocate() }
        var packed = [UInt8](repeating: 0, count: byteCount)
        unsafe seen.withUnsafeBytes { source in
            unsafe packed.withUnsafeMutableBytes { target in
                let source = unsafe source.assumingMemoryBound(to: CChar.self).baseAddress
                let target = unsafe target.assumingMemoryBound(to: CChar.self).baseAddress
                if encoder.level == 0 {
                    packedCount = unsafe LZ4_compress_destSize(source, target, &consumed, Int32(byteCount))
                } else {
                    packedCount = unsafe LZ4_compress_HC_destSize(
                        state, source, target, &consumed, Int32(byteCount), Int32(encoder.level))
                }
            }
        }
        guard packedCount > 0, consumed == Int32(clamping: count) else { return nil }
        return [UInt8](repeating: 0, count: byteCount - Int(packedCount)) + packed.prefix(Int(packedCount))
    }
}
