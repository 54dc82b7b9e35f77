import BinaryDelta
import Testing

@Suite("The filter for unwinding tables")
struct UnwindFilterTests {
    private static let common: [UInt8] =
        numbers([20, 0]) + [1] + Array("zR".utf8) + [0, 1, 0x78, 0x10, 1, 0x1B, 0x0C, 7, 8, 0x90, 1, 0, 0]

    @Test("a table for searching tells distances, as the format's page says")
    func table() {
        let opening: [UInt8] = [1, 0x1B, 3, 0x3B] + Self.numbers([0x44])
        var bytes = [9, 9] + opening + Self.numbers([3, 0x1000, 0x50, 0x1040, 0x68, 0x1050, 0x60, 0x1060, 0x70])
        UnwindFilter.filter(&bytes)
        #expect(
            bytes == [9, 9] + opening + Self.numbers([3, 0x1000, 0x50, 0x40, 0x18, 0x10, UInt32.max - 7, 0x1060, 0x70]))
    }

    @Test("a function's record tells how far it begins behind the one before")
    func records() {
        // The first record takes 24 bytes, the others 20 each: functions at 0x1000 and 0x1050, the first 0x48 bytes long.
        let second = Self.numbers([16, 28, 0x1000 &- 32, 0x48, 7])
        let third = Self.numbers([16, 48, 0x1050 &- 52, 0x10, 7])
        var bytes = Self.common + second + third + Self.numbers([0, 5, 5, 5])
        UnwindFilter.filter(&bytes)
        #expect(
            bytes == Self.common + Self.numbers([16, 0, 0x1000 &- 32, 0x48, 7, 16, 0, 8, 0x10, 7, 0, 5, 5, 5]))
    }

    @Test("a record in common with others may come at any time")
    func secondCommonRecord() {
        let bytes = Self.common + Self.common + Self.numbers([16, 28, 0x1000, 0x48, 7, 16, 72, 0x48, 0x48, 7])
        var filtered = bytes
        UnwindFilter.filter(&filtered)
        let distance = UInt32.max - 23
        #expect(
            filtered
                == Self.common + Self.numbers([20, distance - 4]) + Self.common.dropFirst(8)
                + Self.numbers([16, 0, 0x1000, 0x48, 7, 16, 24, UInt32.max - 0xFFF + 20, 0x48, 7]))
        expectUndone(filtered, to: bytes)
    }

    @Test("a distance beyond the first record ends the records, behind its number")
    func end() {
        let last = Self.numbers([16, 29, 5, 5, 5])
        let table: [UInt8] = [1, 0x1B, 3, 0x3B] + Self.numbers([0x44, 2, 7, 7, 8, 9])
        var bytes = Self.common + last + table
        UnwindFilter.filter(&bytes)
        #expect(
            bytes == Self.common + Self.numbers([16, 1, 5, 5, 5, 0x3B03_1B01, 0x44, 2, 7, 7, 1, 2]))
    }

    @Test("records of other sizes and letters begin, and go on", arguments: [(20, 0x52, true), (255, 0x50, true), (256, 0x52, false)])
    func opening(byteCount: UInt32, letter: UInt8, isRecord: Bool) {
        let common = Self.numbers([byteCount, 0]) + [1, 0x7A, letter] + [UInt8](repeating: 3, count: Int(byteCount) - 7)
        var bytes = common + Self.numbers([16, byteCount + 8, 5, 5, 5])
        UnwindFilter.filter(&bytes)
        #expect(bytes == common + Self.numbers([16, isRecord ? 0 : byteCount + 8, 5, 5, 5]))
    }

    @Test("a table of nothing is followed by what follows")
    func emptyTable() {
        let opening: [UInt8] = [1, 0x1B, 3, 0x3B] + Self.numbers([0x44])
        var bytes = opening + Self.numbers([0]) + opening + Self.numbers([2, 7, 7, 8, 9])
        UnwindFilter.filter(&bytes)
        #expect(bytes == opening + Self.numbers([0]) + opening + Self.numbers([2, 7, 7, 1, 2]))
    }

    @Test("what is cut short, or is no record, stays as it is")
    func untouched() {
        let opening: [UInt8] = [1, 0x1B, 3, 0x3B] + Self.numbers([0x44])
        for bytes in [
            [], [1], opening, opening + Self.numbers([9]), opening + Self.numbers([9, 5, 5, 5]),
            Self.common, Array(Self.common.dropLast()), Self.common + Self.numbers([16, 28, 5]),
            Self.common + Self.numbers([11, 28, 5, 5]), Self.common + Self.numbers([65_536, 28, 5, 5]),
            Self.numbers([20, 0]) + [1, 0x7A, 0x53] + Self.numbers([0, 0, 0, 0]), Self.numbers([11, 0, 0x52_7A_01, 9, 16, 28, 5, 5]),
        ] {
            var filtered = bytes
            UnwindFilter.filter(&filtered)
            #expect(filtered == bytes)
        }
    }

    @Test("any bytes come back, in whatever pieces they arrive", arguments: 0..<80)
    func roundTrip(seed: UInt64) {
        var random = Numbers(seed: seed)
        var original: [UInt8] = []
        var common = 0
        while original.count < 9_000 {
            switch random.next() % 20 {
            case 0: original += (0..<Int(random.next() % 9)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 1: original += [1, 0x1B, 3, 0x3B] + Self.numbers([4, UInt32(random.next() % 9)])
            case 2:
                common = original.count
                original += Self.common
            case 3:
                original += Self.numbers([16, UInt32(random.next() % 4_000), UInt32(random.next() % 9_000), 64, 7])
            default:
                original += Self.numbers([16, UInt32(original.count + 4 - common), UInt32(random.next() % 9_000), 64, 7])
            }
        }
        var filtered = original
        UnwindFilter.filter(&filtered)
        #expect(filtered.count == original.count)
        #expect(filtered != original)
        for pieceByteCountMax: UInt64 in [1, 40, 9_000] {
            UnwindFilterTests.expectUndone(filtered, to: original, pieceByteCountMax: pieceByteCountMax, seed: seed)
        }
    }

    @Test("the tables of a program whose code moved cost next to nothing beside the old ones")
    func movedProgram() throws {
        func program(codeAt start: UInt32) -> [UInt8] {
            var random = Numbers(seed: 4)
            var (pairs, records): ([UInt8], [UInt8]) = ([], Self.common)
            var begin = start
            for _ in 0..<3_000 {
                let size = 16 + UInt32(random.next() % 4_000)
                let place = UInt32(records.count)
                pairs += Self.numbers([begin, place])
                records += Self.numbers([16, place + 4, begin &- place &- 8, size, UInt32(random.next() % 99)])
                begin += size + 15 & ~15
            }
            return [0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 0, count: 14) + [62, 0] + [1, 0x1B, 3, 0x3B]
                + Self.numbers([0x44, 3_000]) + pairs + records + [UInt8](repeating: 0, count: 40_000)
        }
        let (old, new) = (program(codeAt: 0x1000), program(codeAt: 0x3450))
        var maker = StreamedPatchMaker()
        maker.add(new[...])
        let patch = try maker.patch(old: old[...])
        #expect(patch.count < 400, "\(patch.count) bytes")
        #expect(try applied(patch, to: old) == new)
    }

    private func expectUndone(_ filtered: [UInt8], to original: [UInt8]) {
        for pieceByteCountMax: UInt64 in [1, 7, 500] {
            Self.expectUndone(filtered, to: original, pieceByteCountMax: pieceByteCountMax, seed: 1)
        }
    }

    private static func expectUndone(
        _ filtered: [UInt8], to original: [UInt8], pieceByteCountMax: UInt64, seed: UInt64
    ) {
        var random = Numbers(seed: seed)
        BinaryDeltaTests.expectUndone(
            filtered, by: UnwindFilter.undoing, to: original, pieceByteCountMax: pieceByteCountMax, &random)
    }

    private static func numbers(_ numbers: [UInt32]) -> [UInt8] {
        numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) } }
    }
}
