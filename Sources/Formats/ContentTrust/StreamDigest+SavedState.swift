internal import CLibcrypto

extension StreamDigest {
    /// How many bytes have been hashed.
    public var byteCount: UInt64 {
        (UInt64(context.Nh) << 32 | UInt64(context.Nl)) / 8
    }

    /// What has been hashed so far, so that another process, of any version, can go on from here.
    ///
    /// Numbers are big-endian:
    /// ```text
    /// offset  size        field
    ///  0       4          ASCII "SHA2"
    ///  4       1          version of this layout, 1
    ///  5      32          the eight words of the hash value after the last whole block
    /// 37       8          n, the number of bytes hashed
    /// 45      n mod 64    the bytes after the last whole block
    /// ```
    /// It holds no checksum: whoever stores it makes sure that it is whole. A wrong state gives a wrong digest.
    public var savedState: [UInt8] {
        var state = SavedStateLayout.opening
        let h = context.h
        for word in [h.0, h.1, h.2, h.3, h.4, h.5, h.6, h.7] { state += bigEndianBytes(word) }
        state += bigEndianBytes(byteCount)
        unsafe withUnsafeBytes(of: context.data) { block in
            unsafe state.append(contentsOf: block.prefix(Int(context.num)))
        }
        return state
    }

    /// Goes on from `savedState`; `nil` unless it has the layout described there.
    public init?(savedState: [UInt8]) {
        typealias Layout = SavedStateLayout
        guard savedState.count >= Layout.tailStart, savedState.starts(with: Layout.opening) else { return nil }
        let byteCount = number(savedState[Layout.countStart..<Layout.tailStart])
        let tail = savedState[Layout.tailStart...]
        guard byteCount <= Layout.byteCountMax, tail.count == byteCount % Layout.blockByteCount else { return nil }

        self.init()
        let words = stride(from: Layout.wordsStart, to: Layout.countStart, by: 4).map { start in
            UInt32(truncatingIfNeeded: number(savedState[start..<start + 4]))
        }
        context.h = (words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7])
        unsafe withUnsafeMutableBytes(of: &context.data) { block in unsafe block.copyBytes(from: tail) }
        context.Nl = UInt32(truncatingIfNeeded: byteCount << 3)
        context.Nh = UInt32(truncatingIfNeeded: byteCount >> 29)
        context.num = UInt32(tail.count)
    }
}

private enum SavedStateLayout {
    static let opening = Array("SHA2".utf8) + [1]
    static let wordsStart = 5
    static let countStart = 37
    static let tailStart = 45
    static let blockByteCount: UInt64 = 64
    /// The hash counts bits in 64 bits.
    static let byteCountMax: UInt64 = .max >> 3
}

private func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
}

private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}
