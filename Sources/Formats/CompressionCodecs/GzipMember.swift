internal import CZlib

/// What a file in gzip's form says, and what is needed to make the same bytes again. Source: RFC 1952.
public struct GzipMember: Sendable, Hashable {
    /// Everything before the packed content: times, a name, and what made it.
    public let header: [UInt8]
    /// How hard the packer looked, 4 to 9.
    public let level: Int

    /// - Returns: `nil` where the header is none, or the level one that is not known here.
    public init?(header: [UInt8], level: Int) {
        guard Self.headerByteCount(header[...]) == header.count, (4...9).contains(level) else { return nil }
        (self.header, self.level) = (header, level)
    }

    /// Finds out how `file` was packed, by packing it again.
    /// - Parameter contentLimit: Files that hold more are not looked at. In bytes.
    /// - Returns: `nil` for what is not one whole gzip file of one member, or was packed by something else.
    public static func remade(
        from file: ArraySlice<UInt8>, contentLimit: Int
    ) -> (member: GzipMember, content: [UInt8])? {
        guard let headerCount = headerByteCount(file),
            let content = unpacked(file, contentLimit: contentLimit)
        else { return nil }
        let header = Array(file.prefix(headerCount))
        // The header says 2 for the slowest, and nothing of those between.
        guard let member = GzipMember(header: header, level: header[8] == 2 ? 9 : 6),
            let remade = member.file(holding: content[...]), remade[...] == file
        else { return nil }
        return (member, content)
    }

    /// The file, bit for bit as gzip makes it.
    /// - Returns: `nil` for content that was made so as to take much longer than files do.
    public func file(holding content: ArraySlice<UInt8>) -> [UInt8]? {
        guard let packed = DeflateEncoder.encode(content, level: level, behind: header) else { return nil }
        return packed + Self.trailer(of: content)
    }

    /// What a file holds.
    /// - Returns: `nil` where it is not one whole gzip file of one member, or holds more than `contentLimit` bytes.
    public static func unpacked(_ file: ArraySlice<UInt8>, contentLimit: Int) -> [UInt8]? {
        guard let headerCount = headerByteCount(file), file.count >= headerCount + trailerByteCount else { return nil }
        let trailer = file.suffix(trailerByteCount)
        let sizeBytes = trailer.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        // Deflate makes at most 1032 bytes of one.
        guard sizeBytes <= contentLimit, sizeBytes / 1032 <= file.count,
            let content = inflated(file.dropFirst(headerCount).dropLast(trailerByteCount), byteCount: sizeBytes),
            self.trailer(of: content[...])[...] == trailer
        else { return nil }
        return content
    }

    private static let trailerByteCount = 8

    /// - Returns: `nil` where `file` does not begin with a whole header.
    private static func headerByteCount(_ file: ArraySlice<UInt8>) -> Int? {
        let opening = Array(file.prefix(4))
        guard opening.count == 4, opening.starts(with: [0x1F, 0x8B, 8]), opening[3] & 0xE0 == 0 else { return nil }
        var rest = file.dropFirst(10)
        if opening[3] & 4 != 0 {
            guard let low = rest.popFirst(), let high = rest.popFirst(), rest.count >= Int(high) << 8 | Int(low) else {
                return nil
            }
            rest = rest.dropFirst(Int(high) << 8 | Int(low))
        }
        // The name, and the comment.
        for flag in [UInt8(8), 16] where opening[3] & flag != 0 {
            guard let end = rest.firstIndex(of: 0) else { return nil }
            rest = rest[(end + 1)...]
        }
        if opening[3] & 2 != 0 {
            guard rest.count >= 2 else { return nil }
            rest = rest.dropFirst(2)
        }
        let count = file.count - rest.count
        return (10...headerByteCountMax).contains(count) ? count : nil
    }

    /// gzip writes ten bytes and a file's name.
    private static let headerByteCountMax = 300

    private static func trailer(of content: ArraySlice<UInt8>) -> [UInt8] {
        let checksum = unsafe content.withUnsafeBufferPointer { bytes in
            unsafe crc32_z(0, bytes.baseAddress, bytes.count)
        }
        return [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: content.count)].flatMap { number in
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
    }

    /// - Returns: `nil` where `packed` is not one whole deflate stream that holds just so many bytes.
    private static func inflated(_ packed: ArraySlice<UInt8>, byteCount: Int) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard unsafe martlet_inflate_raw_init(&stream) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        var isWhole = false
        // One byte more, so that an empty file has room to end in.
        let content = unsafe [UInt8](unsafeUninitializedCapacity: byteCount + 1) { target, count in
            unsafe packed.withUnsafeBufferPointer { source in
                // The library only reads from next_in, though its type does not say so.
                unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.avail_in = UInt32(clamping: source.count)
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(clamping: byteCount + 1)
                let code = unsafe inflate(&stream, Z_FINISH)
                isWhole = unsafe code == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 1
            }
            count = isWhole ? byteCount : 0
        }
        return isWhole ? content : nil
    }
}
