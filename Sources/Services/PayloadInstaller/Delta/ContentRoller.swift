/// A rolling hash: every byte moves what came before it by one bit, so that after 64 bytes it is gone. It chooses one place in
/// about two thousand by what stands there alone.
struct ContentRoller {
    private var state: UInt64 = 0
    /// At the last place. A run of one byte has the same everywhere.
    private var chosen: UInt64?
    private static let placeMask: UInt64 = 0x7FF

    /// The same random numbers always (SplitMix64).
    private static let gears: [UInt64] = (1...256).map { (index: UInt64) in
        var mixed = index &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func forEachPlace(in bytes: [UInt8], _ body: (_ hash: UInt64, _ offset: Int) -> Void) {
        var (state, chosen) = (state, chosen)
        unsafe Self.gears.withUnsafeBufferPointer { gears in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                for offset in 0..<bytes.count {
                    state = unsafe state << 1 &+ gears[Int(bytes[offset])]
                    // The upper bits have seen the most bytes.
                    if state >> 20 & Self.placeMask == 0, state != chosen {
                        chosen = state
                        body(state, offset)
                    }
                }
            }
        }
        (self.state, self.chosen) = (state, chosen)
    }
}
