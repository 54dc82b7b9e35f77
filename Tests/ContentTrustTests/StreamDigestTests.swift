import ContentTrust
import Testing
import UpdateModel

@Suite struct StreamDigestTests {
    @Test(
        "the examples of FIPS 180-4 come out",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func standardExamples(message: String, digest: String) {
        #expect(StreamDigest.digest(of: Array(message.utf8)).hexadecimal == digest)
    }

    @Test("a million times the letter a, in pieces of every form")
    func millionLetters() {
        var stream = StreamDigest()
        let piece = [UInt8](repeating: 0x61, count: 1000)
        for _ in 0..<500 { stream.update(piece) }
        for _ in 0..<250 { stream.update(piece[...]) }
        for _ in 0..<250 { stream.update(piece.span) }
        #expect(stream.byteCount == 1_000_000)
        #expect(
            stream.finalized().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("asking for the digest changes nothing, and a copy goes its own way")
    func valueSemantics() {
        var stream = StreamDigest()
        stream.update(Array("ab".utf8))
        #expect(stream.finalized() == StreamDigest.digest(of: Array("ab".utf8)))
        var copy = stream
        copy.update(Array("x".utf8))
        stream.update(Array("c".utf8))
        #expect(stream.finalized() == StreamDigest.digest(of: Array("abc".utf8)))
        #expect(copy.finalized() == StreamDigest.digest(of: Array("abx".utf8)))
    }

    @Test("a state saved anywhere and restored gives the digest of the whole")
    func savedAnywhere() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        let message = chance.bytes(count: 200)
        let whole = StreamDigest.digest(of: message)
        for cut in 0...message.count {
            var first = StreamDigest()
            first.update(message[..<cut])
            var second = try #require(StreamDigest(savedState: first.savedState))
            #expect(second.byteCount == UInt64(cut))
            #expect(second.savedState == first.savedState)
            second.update(message[cut...])
            #expect(second.finalized() == whole, "cut \(cut), seed \(seed)")
        }
    }

    @Test("the layout of a saved state is the documented one")
    func savedLayout() {
        var stream = StreamDigest()
        stream.update(Array("abc".utf8))
        // The first words of SHA-256 (FIPS 180-4, 5.3.3), as no block is whole yet.
        let start = "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
        #expect(Hexadecimal.encode(stream.savedState) == "5348413201" + start + "0000000000000003" + "616263")
    }

    @Test("more than 512 MiB are counted in a saved state")
    func longCount() throws {
        var state = StreamDigest().savedState
        state.replaceSubrange(37..<45, with: [0, 0, 0, 5, 0x80, 0, 0, 0])
        let stream = try #require(StreamDigest(savedState: state))
        #expect(stream.byteCount == 0x5_8000_0000)
        #expect(stream.savedState == state)
    }

    @Test("a saved state that is cut, grown, of another version or beyond the hash's count is refused")
    func damagedState() {
        var stream = StreamDigest()
        stream.update(Array("abc".utf8))
        let state = stream.savedState
        for count in 0..<state.count { #expect(StreamDigest(savedState: Array(state.prefix(count))) == nil) }
        #expect(StreamDigest(savedState: state + [0]) == nil)
        var version = state
        version[4] = 2
        #expect(StreamDigest(savedState: version) == nil)
        var count = state
        count[37] = 0xFF
        #expect(StreamDigest(savedState: count) == nil)
    }

    @Test("SHA-1 comes out as an Omaha package spells it")
    func sha1() {
        var stream = SHA1StreamDigest()
        stream.update(Array("ab".utf8))
        stream.update(Array("c".utf8)[...])
        #expect(Hexadecimal.encode(stream.finalized()) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(stream.base64 == "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
    }

    @Test(
        "comparing in constant time compares",
        arguments: [
            ([], [], true), ([1], [1], true), ([1, 2], [1, 3], false), ([1], [1, 2], false), ([1], [], false),
        ] as [([UInt8], [UInt8], Bool)])
    func constantTime(a: [UInt8], b: [UInt8], equal: Bool) {
        #expect(ConstantTime.areEqual(a, b) == equal)
    }
}
