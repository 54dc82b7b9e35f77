import BinaryDelta
import Testing

@Suite("The filter for programs")
struct ProgramFilterTests {
    @Test("distances become places as the format's page says")
    func vector() {
        // nop; call +16; lea rax, [rip - 16]; ret
        var bytes: [UInt8] = [0x90, 0xE8, 0x10, 0, 0, 0, 0x48, 0x8D, 0x05, 0xF0, 0xFF, 0xFF, 0xFF, 0xC3]
        ProgramFilter.filter(&bytes)
        #expect(bytes == [0x90, 0xE8, 0, 0, 0x16, 0, 0x48, 0x8D, 0x05, 0xFF, 0xFF, 0xFD, 0xFF, 0xC3])
    }

    @Test("places count from the program's beginning")
    func origin() {
        let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 0xE8, 0x01, 0, 0, 0]
        #expect(Array(ProgramFilter.filtered((filler(4096) + program)[...]).suffix(4)) == [0, 0, 0x0A, 0])
        #expect(Array(ProgramFilter.filtered((filler(4097) + program.dropFirst())[...]).suffix(4)) == [0, 0x10, 0x0A, 0])
    }

    @Test("operands that are far, or cut short, stay as they are")
    func untouched() {
        for bytes: [UInt8] in [[0xE8, 1, 2, 3, 4], [0xE8, 1, 2, 3], [0x8D, 0x05, 1, 2], [0x8D, 0x04, 1, 2, 3, 0], [0xE8], []] {
            #expect(ProgramFilter.filtered(bytes[...]) == bytes)
        }
    }

    @Test("any bytes come back, in whatever pieces they arrive", arguments: 0..<40)
    func roundTrip(seed: UInt64) {
        var random = Numbers(seed: seed)
        let favoured: [UInt8] = [0xE8, 0x8D, 0x05, 0x00, 0xFF, 0x7F, 0x45, 0x4C, 0x46, 0x8B]
        let original = (0..<Int(random.next() % 20_000)).map { _ in
            random.next() % 3 == 0 ? UInt8(truncatingIfNeeded: random.next()) : favoured[Int(random.next() % 10)]
        }
        let filtered = ProgramFilter.filtered(original[...])
        #expect(filtered.count == original.count)

        expectUndone(filtered, by: ProgramFilter.undoing, to: original, pieceByteCountMax: 3000, &random)
    }

    @Test("calls to the same functions from many places cost little, and survive tampering without a trap")
    func program() throws {
        var random = Numbers(seed: 3)
        var code: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
        while code.count < 60_000 {
            let distance = Int32(truncatingIfNeeded: Int(random.next() % 16) * 4000 - code.count)
            code += [0x90, 0x90, 0xE8] + (0..<4).map { UInt8(truncatingIfNeeded: distance >> (8 * $0)) }
        }
        var maker = StreamedPatchMaker()
        maker.add(code[...])
        let patch = try maker.patch(old: [])
        // Sixteen targets are four bits; as distances, no two of eight thousand calls would be alike.
        #expect(patch.count < 8_000, "\(patch.count) bytes")
        #expect(try applied(patch, to: []) == code)
        for place in stride(from: 0, to: patch.count, by: 7) {
            var damaged = patch
            damaged[place] ^= UInt8(1) << UInt8(place % 8)
            if let made = try? applied(damaged, to: []) { #expect(made.count <= code.count) }
        }
    }

    @Test("a program whose code moved, and whose calls lead where they led, costs next to nothing beside the old one")
    func movedProgram() throws {
        let (old, new) = (program(moved: 0), program(moved: 5))
        var maker = StreamedPatchMaker()
        maker.add(new[...])
        let patch = try maker.patch(old: old[...])
        // As distances, every one of the six thousand calls would be another.
        #expect(patch.count < 4_000, "\(patch.count) bytes")
        #expect(try applied(patch, to: old) == new)
    }

    /// Calls to a thousand places that do not move, from code that does.
    private func program(moved byteCount: Int) -> [UInt8] {
        var random = Numbers(seed: 9)
        var code: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + filler(byteCount)
        for _ in 0..<6_000 {
            let noise = (0..<3).map { _ in UInt8(random.next() % 128) }
            let target = Int(random.next() % 1_000) * 977
            code += noise + [0xE8]
            code += (0..<4).map { UInt8(truncatingIfNeeded: Int32(target - code.count - 4) >> (8 * $0)) }
        }
        return code
    }

    @Test("of old data too large to know, the part is known that resembles the new")
    func largeOldData() throws {
        var random = Numbers(seed: 5)
        let old = (0..<StreamedPatch.knownByteCountMax + 1 << 20).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for start in [0, 6 << 20, old.count - 300_000] {
            var maker = StreamedPatchMaker()
            let new = Array(old[start..<start + 300_000])
            maker.add(new[...])
            let patch = try maker.patch(old: old[...])
            #expect(patch.count < 2_000, "\(patch.count) bytes at \(start)")
            #expect(try applied(patch, to: old) == new)
        }
    }

    private func filler(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x90, count: count) }
}
