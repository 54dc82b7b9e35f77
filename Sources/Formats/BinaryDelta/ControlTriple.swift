/// One instruction of a patch: add, copy, seek.
struct ControlTriple: Equatable {
    static let byteCount = 24

    /// How many bytes of the diff part to add to bytes of the old data.
    let addedByteCount: UInt64
    /// How many bytes of the extra part to copy.
    let copiedByteCount: UInt64
    /// How far to move in the old data afterwards.
    let seekBytes: Int64

    /// `nil` when a length is negative.
    init?(_ bytes: [UInt8]) {
        guard let added = UInt64(exactly: signMagnitude(bytes[0..<8])),
            let copied = UInt64(exactly: signMagnitude(bytes[8..<16]))
        else { return nil }
        self.addedByteCount = added
        self.copiedByteCount = copied
        self.seekBytes = signMagnitude(bytes[16..<24])
    }

    var makesNothing: Bool { addedByteCount == 0 && copiedByteCount == 0 }
}
