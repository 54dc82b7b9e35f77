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

/// What a patch made here makes of `old`.
func applied(_ patch: [UInt8], to old: [UInt8]) throws -> [UInt8] {
    let read = try StreamedPatch(patch[...], newSizeLimit: 1 << 20)
    var made: [UInt8] = []
    try read.apply(
        oldSize: UInt64(old.count), readOld: { Array(old[Int($0)..<Int($0) + $1]) }, write: { made += $0 })
    return made
}
