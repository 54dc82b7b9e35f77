import BinaryDelta
import Testing

/// Patches written by hand after the format's description, with what they mean: machines in the field read them so.
@Suite("Patches known by their bytes")
struct KnownPatchTests {
    @Test("coding 3 is a filter for programs behind LZMA2")
    func program() throws {
        // nop; call +16; lea rax, [rip - 16]; ret
        let new: [UInt8] = [0x90, 0xE8, 0x10, 0, 0, 0, 0x48, 0x8D, 0x05, 0xF0, 0xFF, 0xFF, 0xFF, 0xC3]
        // The call leads to place 6 + 16, the access to place 13 - 16. A dictionary of 4096 bytes, nothing known; one
        // chunk that is not packed (01, its size less one), and the end (00).
        let packed: [UInt8] =
            [0x01, 0x00, 0x0D]
            + [0x90, 0xE8, 0x00, 0x00, 0x16, 0x00, 0x48, 0x8D, 0x05, 0xFF, 0xFF, 0xFD, 0xFF, 0xC3] + [0x00]
        let patch = copying(14, coding: [0x03, 0x80, 0x20, 0, 0], packed)
        #expect(try apply(patch, to: []) == new)
    }

    @Test("coding 3 takes known bytes at their place in the old data")
    func knownProgram() throws {
        // As above, from place 16 on: the call leads to place 22 + 16 = 38, the access to place 29 - 16 = 13.
        let program: [UInt8] = [0x90, 0xE8, 0x10, 0, 0, 0, 0x48, 0x8D, 0x05, 0xF0, 0xFF, 0xFF, 0xFF, 0xC3]
        let old = [UInt8](repeating: 0xAA, count: 16) + program + [0xBB]
        // To the same places from place 0 on: 6 + 32, and 13 + 0.
        let new: [UInt8] = [0x90, 0xE8, 0x20, 0, 0, 0, 0x48, 0x8D, 0x05, 0, 0, 0, 0, 0xC3]
        // One LZMA chunk with new properties (C0, both sizes less one, 5D): a match of 14 bytes, 14 back. The end.
        let packed: [UInt8] = [0xC0, 0x00, 0x0D, 0x00, 0x05, 0x5D] + [0x00, 0xA8, 0x3B, 0xFC, 0x00, 0x00] + [0x00]
        let patch = copying(14, coding: [0x03, 0x80, 0x20, 16, 14], packed)
        #expect(try apply(patch, to: old) == new)
    }

    @Test("codings 3 and 5 undo the filter for unwinding, 4 and 5 that for tables")
    func tables() throws {
        // The examples of the format's page: a table for searching, relocations.
        let pairs: [UInt8] = [1, 0x1B, 3, 0x3B, 0x44, 0, 0, 0] + numbers([3, 0x1000, 0x50, 0x1040, 0x68, 0x1050, 0x60], of: 4)
        let filteredPairs: [UInt8] =
            [1, 0x1B, 3, 0x3B, 0x44, 0, 0, 0] + numbers([3, 0x1000, 0x50, 0x40, 0x18, 0x10, 0xFFFF_FFF8], of: 4)
        let kind: UInt64 = 0x5_0000_0002
        let words = numbers([0x1000, kind, 0x10, 0x1010, kind, 0x30, 0x1020, kind, 0x50], of: 8)
        let filteredWords = numbers([0x1000, kind, 0x10, 0x10, kind, 0x20, 0x10, kind, 0x20], of: 8)
        for (coding, new, filtered) in [
            (3, pairs, filteredPairs), (4, words, filteredWords), (5, words, filteredWords), (5, pairs, filteredPairs),
            (5, pairs + [0, 0, 0, 0] + words, filteredPairs + [0, 0, 0, 0] + filteredWords), (2, pairs + words, pairs + words),
        ] as [(UInt8, [UInt8], [UInt8])] {
            // One chunk that is not packed (01, its size less one). The end.
            let chunk: [UInt8] = [0x01, 0x00, UInt8(new.count - 1)] + filtered + [0x00]
            #expect(try apply(copying(UInt8(new.count), coding: [coding, 0x80, 0x20, 0, 0], chunk), to: []) == new)
        }
    }

    @Test("coding 2 is the same without the filter")
    func plain() throws {
        let old = Array("0123456789abcdef".utf8) + Array("the known bytes".utf8)
        let packed: [UInt8] = [0xC0, 0x00, 0x0D, 0x00, 0x05, 0x5D] + [0x00, 0xA8, 0x3B, 0xFC, 0x00, 0x00] + [0x00]
        let patch = copying(14, coding: [0x02, 0x80, 0x20, 16, 14], packed)
        #expect(try apply(patch, to: old) == Array("the known byte".utf8))
    }

    @Test("one instruction adds, copies and seeks, and the next goes on from there")
    func instructions() throws {
        var patch = Array("MDP1".utf8) + [7]
        // Sizes of the five parts, none of them packed.
        for size in [10, 10, 10, 4, 3] as [UInt8] { patch += [0, size] }
        // Adds two and two, copies one and two, seeks three back (3 · 2 + 1) and nowhere.
        for numbers in [[2, 2], [1, 2], [7, 0]] as [[UInt8]] { patch += [2, 0, 0, 0, 0, 0, 0, 0] + numbers }
        patch += [1, 0xFF, 4, 0] + Array("xyz".utf8)
        // From place 0 on; then from place -1 on, where zeros stand.
        #expect(try apply(patch, to: Array("ab".utf8)) == Array("bax".utf8) + [4] + Array("ayz".utf8))
    }

    private func numbers(_ numbers: [UInt64], of byteCount: UInt64) -> [UInt8] {
        numbers.flatMap { number in (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    }

    /// A patch that copies all of its last part, of `count` bytes.
    private func copying(_ count: UInt8, coding: [UInt8], _ packed: [UInt8]) -> [UInt8] {
        var patch = Array("MDP1".utf8) + [count] + [0, 9, 0, 9, 0, 9, 0, 0] + coding + [UInt8(packed.count)]
        for number in [0, count, 0] { patch += [1, 0, 0, 0, 0, 0, 0, 0, number] }
        return patch + packed
    }

    private func apply(_ patch: [UInt8], to old: [UInt8]) throws -> [UInt8] {
        let read = try StreamedPatch(patch[...], newSizeLimit: 1 << 20)
        var made: [UInt8] = []
        try read.apply(
            oldSize: UInt64(old.count), readOld: { Array(old[Int($0)..<Int($0) + $1]) }, write: { made += $0 })
        return made
    }
}
