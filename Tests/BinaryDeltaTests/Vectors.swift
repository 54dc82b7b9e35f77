import BinaryDelta
import CompressionCodecs
import FoundationEssentials

/// The files of `Tests/Vectors/bsdiff`.
enum Vectors {
    static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Array(Data(contentsOf: tests.appending(path: "Vectors/bsdiff/\(name)")))
    }

    /// The old data: the text that `make.py` there makes.
    static func oldText(count: Int) -> [UInt8] {
        let words = "slot boot image payload martlet kernel group channel wave".split(separator: " ")
        var source = Sequence64(state: 7)
        var text: [UInt8] = []
        while text.count < count {
            text += words[Int(source.next() % UInt64(words.count))].utf8
            text += "\(source.next() % 1000) ".utf8
        }
        return Array(text.prefix(count))
    }
}

/// Also the chance of the tests that need one: the same numbers for the same seed (Knuth's linear generator).
struct Sequence64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func number(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

    mutating func bytes(count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 7) } }
}

/// A patch put together by hand.
struct HandmadePatch {
    var opening = Array("BSDIFF40".utf8)
    var triples: [(Int64, Int64, Int64)] = []
    var diff: [UInt8] = []
    var extra: [UInt8] = []
    var newSize: Int64

    func bytes() throws -> [UInt8] {
        let control = try BZip2.compress(triples.flatMap { Self.number($0.0) + Self.number($0.1) + Self.number($0.2) })
        let packedDiff = try BZip2.compress(diff)
        let header = Self.number(Int64(control.count)) + Self.number(Int64(packedDiff.count)) + Self.number(newSize)
        return opening + header + control + packedDiff + (try BZip2.compress(extra))
    }

    /// Sign and magnitude, the lowest byte first.
    static func number(_ value: Int64) -> [UInt8] {
        let word = value.magnitude | (value < 0 ? 1 << 63 : 0)
        return (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }
}

/// Applies `patch` to `old` in memory, and checks that old data is asked for only where there is some.
func apply(_ patch: [UInt8], to old: [UInt8], newSizeLimit: UInt64 = 1 << 24) throws -> [UInt8] {
    var output: [UInt8] = []
    try BSDiffPatch(patch, newSizeLimit: newSizeLimit).apply(
        oldSize: UInt64(old.count),
        readOld: { offset, count in
            guard count > 0, count <= BSDiffPatch.pieceByteCount, offset <= UInt64(old.count),
                UInt64(count) <= UInt64(old.count) - offset
            else { throw OutsideOldData() }
            return Array(old[Int(offset)..<Int(offset) + count])
        },
        write: { output += $0 })
    return output
}

struct OutsideOldData: Error {}
