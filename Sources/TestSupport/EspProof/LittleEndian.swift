extension Array<UInt8> {
    /// An unsigned number of `count` bytes, lowest first. The caller has checked that they are there.
    func unsigned(at place: Int, count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(self[place + $1]) << UInt64(8 * $1) }
    }

    func unsigned16(at place: Int) -> Int { Int(unsigned(at: place, count: 2)) }

    func unsigned32(at place: Int) -> Int { Int(unsigned(at: place, count: 4)) }

    /// The lowest `count` bytes of a number, lowest first.
    static func little(_ value: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
}
