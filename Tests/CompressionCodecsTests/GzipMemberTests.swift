import CompressionCodecs
import ContentTrust
import Testing
import UpdateModel

@Suite("A gzip file")
struct GzipMemberTests {
    @Test(
        "is made bit for bit as gzip makes it",
        arguments: ["noise", "text", "mixed", "far", "zeros", "bits", "runs", "edge", "beyond"])
    func vectors(kind: String) throws {
        let lines = String(decoding: try Vectors.bytes("gzip.list"), as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ") }.filter { $0[0] == kind }
        #expect(lines.count > 50)
        for line in lines {
            let (size, level) = (try #require(Int(line[1])), try #require(Int(line[2])))
            let content = SampleContent.make(kind, size)
            let file = try #require(Self.member(level: level)?.file(holding: content[...]))
            #expect(StreamDigest.digest(of: file).description == line[3], "\(kind), \(size) bytes, level \(level)")
            #expect(GzipMember.unpacked(file[...], contentLimit: size) == content)
        }
    }

    @Test("tells how it was made", arguments: [4, 6, 9])
    func remade(level: Int) throws {
        let content = SampleContent.make("mixed", 70_000)
        let member = try #require(Self.member(level: level, name: "a name"))
        let file = try #require(member.file(holding: content[...]))
        let found = GzipMember.remade(from: file[...], contentLimit: content.count)
        // Only what gzip is mostly called with is tried.
        #expect(found?.member == (level == 4 ? nil : member))
        #expect(found?.content == (level == 4 ? nil : content))
        #expect(GzipMember.remade(from: file[...], contentLimit: content.count - 1) == nil)
    }

    @Test("that something else packed is not taken")
    func otherPacker() throws {
        // Three bytes told as they are, where gzip would have packed them.
        let content: [UInt8] = [1, 2, 3]
        let own = try #require(Self.member(level: 9)?.file(holding: content[...]))
        let stored = own.prefix(10) + [1, 3, 0, 0xFC, 0xFF] + content + own.suffix(8)
        #expect(GzipMember.unpacked(stored, contentLimit: 3) == content)
        #expect(GzipMember.remade(from: stored, contentLimit: 3) == nil)
    }

    @Test("that is damaged, cut or followed by something is none")
    func damaged() throws {
        let content = SampleContent.make("text", 3_000)
        let file = try #require(Self.member(level: 9, name: "n")?.file(holding: content[...]))
        #expect(GzipMember.unpacked(file[...], contentLimit: 3_000) == content)
        for count in 0..<file.count { #expect(GzipMember.unpacked(file.prefix(count), contentLimit: 3_000) == nil) }
        #expect(GzipMember.unpacked((file + [0])[...], contentLimit: 3_000) == nil)
        #expect(GzipMember.unpacked((file + file)[...], contentLimit: 6_000) == nil)
        for place in 12..<file.count {
            var turned = file
            turned[place] ^= 1 << UInt8(place % 8)
            // Behind the last code a few bits mean nothing, but gzip does not write them.
            let held = GzipMember.unpacked(turned[...], contentLimit: 3_000)
            #expect([nil, content].contains(held), "byte \(place)")
            #expect(GzipMember.remade(from: turned[...], contentLimit: 3_000) == nil, "byte \(place)")
        }
    }

    @Test("whose every place looks like thousands of others is packed", arguments: [6, 9])
    func alike(level: Int) throws {
        let content = SampleContent.make("bits", 1 << 20)
        #expect(try #require(Self.member(level: level)).file(holding: content[...]) != nil)
    }

    @Test("with a word that has the hash of what stands everywhere is packed", arguments: [4, 6, 9])
    func collision(level: Int) throws {
        // The letters have the hash of four zeros.
        let numbers = SampleContent.make("noise", 1 << 15)
        let (word, zeros) = (Array("AUTL".utf8), [UInt8](repeating: 0, count: 52))
        var content: [UInt8] = []
        for place in stride(from: 0, to: numbers.count, by: 8) {
            content += numbers[place..<place + 4]
            content += word
            content += numbers[place + 4..<place + 8]
            content += zeros
        }
        #expect(try #require(Self.member(level: level)).file(holding: content[...]) != nil)
    }

    @Test("that is made to be looked at for long is left alone")
    func slow() throws {
        // Words of eight bytes, all with the hash 0 by which the encoder finds them.
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var inverse = factor
        for _ in 0..<5 { inverse = inverse &* (2 &- factor &* inverse) }
        var state: UInt64 = 7
        let words = (0..<131_072).flatMap { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = (state >> 15) &* inverse
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        let member = try #require(Self.member(level: 9))
        #expect(member.file(holding: words[...]) == nil)
        #expect(member.file(holding: words[..<4096]) != nil)
    }

    @Test("has a header that is one, and a level that gzip knows")
    func headers() {
        let plain: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3]
        #expect(GzipMember(header: plain, level: 9) != nil)
        #expect(GzipMember(header: plain, level: 3) == nil)
        #expect(GzipMember(header: plain, level: 10) == nil)
        #expect(GzipMember(header: plain + [0], level: 9) == nil)
        #expect(GzipMember(header: plain.dropLast(), level: 9) == nil)
        #expect(GzipMember(header: [], level: 9) == nil)
        func flagged(_ flags: UInt8, _ rest: [UInt8]) -> [UInt8] { [0x1F, 0x8B, 8, flags] + plain[4...] + rest }
        #expect(GzipMember(header: flagged(8, [65, 0]), level: 6) != nil)
        #expect(GzipMember(header: flagged(8, [65]), level: 6) == nil)
        #expect(GzipMember(header: flagged(4, [2, 0, 7, 7]), level: 6) != nil)
        #expect(GzipMember(header: flagged(4, [3, 0, 7, 7]), level: 6) == nil)
        #expect(GzipMember(header: flagged(30, [1, 0, 7, 65, 0, 66, 0, 1, 2]), level: 6) != nil)
        #expect(GzipMember(header: flagged(2, [1]), level: 6) == nil)
        #expect(GzipMember(header: flagged(0x80, []), level: 6) == nil)
        #expect(GzipMember(header: flagged(8, [UInt8](repeating: 65, count: 255) + [0]), level: 6) != nil)
        #expect(GzipMember(header: flagged(8, [UInt8](repeating: 65, count: 300) + [0]), level: 6) == nil)
    }

    private static func member(level: Int, name: String? = nil) -> GzipMember? {
        let slowest: UInt8 = level == 9 ? 2 : 0
        let opening: [UInt8] = [0x1F, 0x8B, 8, name == nil ? 0 : 8, 0, 0, 0, 0, slowest, 3]
        return GzipMember(header: opening + (name.map { Array($0.utf8) + [0] } ?? []), level: level)
    }
}

/// The contents of `Tests/Vectors/codecs/gzip.py`.
private enum SampleContent {
    static func make(_ kind: String, _ size: Int) -> [UInt8] {
        switch kind {
        case "noise": noise(size)
        case "text": text(size)
        case "mixed": zip(text(size), noise(size)).enumerated().map { $0 / 5000 % 2 == 0 ? $1.0 : $1.1 }
        case "bits": noise(size).map { 97 + ($0 >> 7) }
        case "runs": runs(size)
        case "far": repeated(noise(32_400), size)
        case "edge": repeated(noise(32_506), size)
        case "beyond": repeated(noise(32_507), size)
        default: [UInt8](repeating: 0, count: size)
        }
    }

    private struct Numbers {
        private var state: UInt32 = 1

        mutating func next() -> UInt8 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
    }

    private static func noise(_ size: Int) -> [UInt8] {
        var numbers = Numbers()
        return (0..<size).map { _ in numbers.next() }
    }

    private static func repeated(_ content: [UInt8], _ size: Int) -> [UInt8] {
        Array([[UInt8]](repeating: content, count: size / content.count + 1).joined().prefix(size))
    }

    private static func runs(_ size: Int) -> [UInt8] {
        let runs = noise(size / 16 + 1).map { [UInt8](repeating: 97, count: 16 + Int($0 >> 3)) + [98] }
        return Array(runs.joined().prefix(size))
    }

    private static func text(_ size: Int) -> [UInt8] {
        var numbers = Numbers()
        let words = (0..<256).map { _ in
            let count = 2 + Int(numbers.next() % 8)
            return (0..<count).map { _ in 97 + numbers.next() % 26 }
        }
        var content: [UInt8] = []
        while content.count < size { content += words[Int(numbers.next())] + [32] }
        return Array(content.prefix(size))
    }
}
