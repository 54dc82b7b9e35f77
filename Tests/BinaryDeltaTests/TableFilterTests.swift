import BinaryDelta
import Testing

@Suite("The filter for tables of relocations")
struct TableFilterTests {
    @Test("places become distances as the format's page says")
    func vector() {
        let entries = words([0x1000, 0x5_0000_0002, 8, 0x1010, 0x5_0000_0004, 9, 0x1018, 0x6_0000_0001, 7])
        var bytes = entries
        TableFilter.filter(&bytes)
        // An entry's type and symbol come before its last word, so that the one behind the last entry is turned as well.
        #expect(bytes == words([0x1000, 0x5_0000_0002, 8, 0x10, 0x5_0000_0004, 9, 8, 0x6_0000_0001, 7]))
        var followed = entries + words([3, 4]) + [1, 2, 3]
        TableFilter.filter(&followed)
        #expect(followed == bytes + words([3 &- 0x1018, 4]) + [1, 2, 3])
    }

    @Test("what goes to one symbol is told by distances too")
    func sameSymbol() {
        var bytes = words([0x1000, 0x5_0000_0002, 800, 0x1008, 0x5_0000_0002, 807, 0x1010, 0x6_0000_0002, 7])
        TableFilter.filter(&bytes)
        #expect(bytes == words([0x1000, 0x5_0000_0002, 800, 8, 0x5_0000_0002, 7, 8, 0x6_0000_0002, 7]))
    }

    @Test("words are counted from a program's beginning, wherever that is", arguments: 0..<16)
    func origin(offset: Int) {
        let program: [UInt8] =
            [0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 1, count: 20)
            + words([0x1000, 0x5_0000_0002, 8, 0x1010, 0x5_0000_0004, 9])
        var bytes = [UInt8](repeating: 3, count: offset) + program
        TableFilter.filter(&bytes)
        #expect(Array(bytes.suffix(24)) == words([0x10, 0x5_0000_0004, 9]))
    }

    @Test("the first two words are none that stand behind others")
    func beginning() {
        // As the second word of an entry: the word before it would be missing.
        var bytes = words([0x10, 1, 0x100, 0x1010, 5, 6])
        TableFilter.filter(&bytes)
        #expect(bytes == words([0x10, 1, 0x100, 0x1000, 5, 6]))
        bytes = words([2, 0x77, 0x100, 2, 0x1000])
        TableFilter.filter(&bytes)
        #expect(bytes == words([2, 0x77, 0x100, 2, 0x1000]))
    }

    @Test("what is no entry stays as it is")
    func untouched() {
        for numbers: [UInt64] in [
            [1 << 32, 2, 8, 0x1010], [0x1000, 0, 8, 0x1010], [0x1000, 43, 8, 0x1010],
            [0x1000, 1 << 52 | 2, 8, 0x1010], [0x1000, 2, 8],
        ] {
            var bytes = words(numbers)
            TableFilter.filter(&bytes)
            #expect(bytes == words(numbers))
        }
    }

    @Test("any bytes come back, in whatever pieces they arrive", arguments: 0..<60)
    func roundTrip(seed: UInt64) {
        var random = Numbers(seed: seed)
        var original: [UInt8] = []
        while original.count < 9_000 {
            switch random.next() % 8 {
            case 0: original += (0..<Int(random.next() % 9)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 1: original += [0x7F, 0x45, 0x4C, 0x46]
            case 2: original += [0x46, 0x4C, 0x45, 0x7F]
            default: original += words([random.next() % 5_000, random.next() % (random.next() % 2 == 0 ? 60 : 3), random.next() % 99])
            }
        }
        var filtered = original
        TableFilter.filter(&filtered)
        #expect(filtered.count == original.count)
        #expect(filtered != original)

        expectUndone(filtered, by: TableFilter.undoing, to: original, pieceByteCountMax: 40, &random)
    }

    @Test("a table of places that moved costs next to nothing beside the old one")
    func movedTable() throws {
        func table(movedBy shift: UInt64) -> [UInt8] {
            var random = Numbers(seed: 4)
            var place = 64 + shift
            return [0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 0, count: 20)
                + (0..<4_000).flatMap { _ in
                    place += 4 + random.next() % 200
                    return words([place, (random.next() % 9_000) << 32 | 2, random.next() % 50_000])
                }
        }
        let (old, new) = (table(movedBy: 0), table(movedBy: 77))
        var maker = StreamedPatchMaker()
        maker.add(new[...])
        let patch = try maker.patch(old: old[...])
        #expect(patch.count < 400, "\(patch.count) bytes")
        #expect(try applied(patch, to: old) == new)
    }

    private func words(_ numbers: [UInt64]) -> [UInt8] {
        numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } }
    }
}
