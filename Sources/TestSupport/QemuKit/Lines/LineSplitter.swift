/// Makes lines of the pieces in which text arrives. A line that is too long is thrown away as a whole.
package struct LineSplitter: Sendable {
    /// Bytes of a line.
    private let lengthMax: Int
    private var rest: [UInt8] = []
    private var isTooLong = false

    package init(lengthMax: Int = 4 << 20) { self.lengthMax = lengthMax }

    /// The lines that `piece` completes, without their ends.
    package mutating func take(_ piece: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in piece {
            if byte == UInt8(ascii: "\n") {
                if !isTooLong { lines.append(text()) }
                rest.removeAll(keepingCapacity: true)
                isTooLong = false
            } else if rest.count < lengthMax {
                rest.append(byte)
            } else {
                isTooLong = true
            }
        }
        return lines
    }

    private func text() -> String {
        String(decoding: rest.last == UInt8(ascii: "\r") ? rest.dropLast() : rest[...], as: UTF8.self)
    }
}
