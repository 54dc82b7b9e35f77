/// Turns the distances in x86-64 programs into places, so that every reference to one place looks the same.
///
/// A call says how far its target lies from the call itself, and so does nearly every access to data. A function that moved, or
/// a call that moved, changes all of them; but the place they lead to, seen from the program's beginning, mostly stays what
/// it was, and stands in the program many times. What packs bytes by their repetitions then finds more of them: a seventh of
/// the size where a program was compiled anew.
///
/// The filter makes as many bytes as it is given, takes any bytes, and can always be undone. The rules, for a place `i` that
/// goes from the first byte to the last:
///
/// 1. Where an ELF file's magic number stands at `i`, places count from there on.
/// 2. An operand begins at `i + 1` where the byte at `i` is E8 (a call); at `i + 2` where the byte at `i` is one of the opcodes
///    in ``operandStarts`` and the byte behind it is a ModR/M byte that says “a distance from here” (`xx & C7 = 05`).
///    Elsewhere `i` goes one on.
/// 3. Where fewer than four bytes are left for the operand, the rest stays as it is.
/// 4. The operand is a number of four bytes, the lowest first. Where the last of them is 00 or FF, the place behind the
///    operand is added to it, modulo 2^25 with the sign kept; of what comes out bits 16 to 23 are written first, then 8 to 15,
///    0 to 7, and 24 to 31. In any case `i` goes to behind the operand.
///
/// Source of the opcodes: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, section 2.2.1.6 and the
/// opcode maps; which of them pay was measured.
package struct ProgramFilter: StreamFilter {
    /// Where the next byte stands, and where the program began.
    private var position: Int
    private var origin = 0
    private let isUndoing: Bool

    /// From the opcode to the operand's end.
    private static let lookaheadByteCount = 6

    private init(isUndoing: Bool, position: Int = 0) {
        self.isUndoing = isUndoing
        self.position = position
    }

    /// Filters the whole of `bytes`.
    /// - Parameter position: The place of the first one, which counts until a program begins.
    package static func filter(_ bytes: inout [UInt8], position: Int = 0) {
        var filter = ProgramFilter(isUndoing: false, position: position)
        _ = filter.settle(&bytes, from: 0, isEnd: true)
    }

    package static func filtered(_ bytes: ArraySlice<UInt8>, position: Int = 0) -> [UInt8] {
        var bytes = Array(bytes)
        filter(&bytes, position: position)
        return bytes
    }

    /// Undoes the filter, for bytes that come piece by piece: hand on what ``settle(_:from:isEnd:)`` says is settled.
    package static var undoing: ProgramFilter { ProgramFilter(isUndoing: true) }

    package mutating func settle(_ bytes: inout [UInt8], from start: Int, isEnd: Bool) -> Int {
        var span = bytes.mutableSpan
        let limit = isEnd ? span.count : span.count - Self.lookaheadByteCount
        let startPosition = position - start
        let operandStarts = Self.operandStarts.span
        var index = start
        while index < limit {
            let operandStart = Int(operandStarts[Int(span[index])])
            guard operandStart > 0 else {
                index += 1
                continue
            }
            // The magic number begins with one of the opcodes.
            if Self.isProgram(span, at: index) { origin = startPosition + index }
            guard operandStart == 1 || index + 1 < span.count && Self.isDistance(modRM: span[index + 1]) else {
                index += 1
                continue
            }
            guard index + operandStart + 4 <= span.count else {
                index = span.count
                break
            }
            index += operandStart + 4
            turn(&span, at: index - 4, placeBehind: startPosition + index - origin)
        }
        position = startPosition + index
        return index
    }

    /// How far behind each opcode its operand begins; 0 for those that are left alone.
    private static let operandStarts: [UInt8] = (0..<256).map { opcode in
        switch opcode {
        case 0xE8: 1
        case 0x03, 0x10, 0x11, 0x28, 0x39, 0x3B, 0x63, 0x6F, 0x7F, 0x80, 0x81, 0x83, 0x89, 0x8B, 0x8D, 0xB6, 0xBE, 0xC6,
            0xC7, 0xFF:
            2
        default: 0
        }
    }

    private static func isDistance(modRM: UInt8) -> Bool { modRM & 0xC7 == 0x05 }

    private func turn(_ span: inout MutableSpan<UInt8>, at operand: Int, placeBehind place: Int) {
        let top = span[operand + 3]
        guard top == 0x00 || top == 0xFF else { return }
        // The lowest byte comes first in a program, and last behind the filter.
        let (lowest, highest) = isUndoing ? (operand + 2, operand) : (operand, operand + 2)
        var number = UInt32(span[lowest]) | UInt32(span[operand + 1]) << 8 | UInt32(span[highest]) << 16
        number |= UInt32(top) << 24
        let step = UInt32(truncatingIfNeeded: place)
        number = isUndoing ? number &- step : number &+ step
        span[highest] = UInt8(truncatingIfNeeded: number)
        span[operand + 1] = UInt8(truncatingIfNeeded: number >> 8)
        span[lowest] = UInt8(truncatingIfNeeded: number >> 16)
        span[operand + 3] = number & Self.signBit == 0 ? 0x00 : 0xFF
    }

    /// Operands are numbers of 25 bits. Of a number's last byte, 00 or FF, that is the lowest bit.
    private static let signBit: UInt32 = 1 << 24

    private static func isProgram(_ span: borrowing MutableSpan<UInt8>, at index: Int) -> Bool {
        index + 4 <= span.count && span[index] == 0x7F && span[index + 1] == 0x45 && span[index + 2] == 0x4C
            && span[index + 3] == 0x46
    }

    /// Whether `bytes` begin as an ELF file for x86-64 does. Source: System V ABI, “ELF header”: `e_machine` is 62.
    static func isMade(for bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) && bytes.count > 19
            && bytes[bytes.startIndex + 18] == 62 && bytes[bytes.startIndex + 19] == 0
    }

    /// Whether such a file has been linked: `e_type` is not 1. Calls in one that has not lead nowhere yet.
    static func isLinked(_ bytes: ArraySlice<UInt8>) -> Bool { bytes[bytes.startIndex + 16] != 1 }
}
