import BinaryDelta
import Testing

/// Undoes a filter on bytes that arrive in pieces of at most `pieceByteCountMax` bytes: whatever is settled must be right by then.
func expectUndone(
    _ filtered: [UInt8], by undoing: some StreamFilter, to original: [UInt8], pieceByteCountMax: UInt64,
    _ random: inout Numbers
) {
    var filter = undoing
    var made: [UInt8] = []
    var settled = 0
    var rest = filtered[...]
    repeat {
        let piece = rest.prefix(1 + Int(random.next() % pieceByteCountMax))
        rest = rest.dropFirst(piece.count)
        made += piece
        settled = filter.settle(&made, from: settled, isEnd: rest.isEmpty)
        #expect(made[..<settled] == original[..<settled])
    } while !rest.isEmpty
    #expect(made == original)
}
