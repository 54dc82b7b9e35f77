import Testing
import UpdateModel

@Suite struct VersionTests {
    /// Semantic Versioning 2.0.0, clause 11, and then some.
    private static let ascending = [
        "0.0.1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
        "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", "10.0.0", "4230.2.3", "18446744073709551615.0.0",
    ]

    @Test("Semantic versions order as their standard says, pair by pair")
    func orders() throws {
        let versions = try Self.ascending.map { try Version($0) }
        for (left, lower) in versions.enumerated() {
            for (right, higher) in versions.enumerated() {
                #expect(higher.isNewer(than: lower) == (right > left), "\(higher) after \(lower)")
            }
        }
    }

    @Test(
        "What is not semantic is neither newer nor older",
        arguments: [
            "1.0", "01.0.0", "1.0.0-", "v1.0.0", "1.0.0+", "1.0.0-01", "18446744073709551616.0.0", "nightly",
            "1.0.0-a..b",
        ])
    func isNotOrdered(text: String) throws {
        let version = try Version(text)
        #expect(version.semantic == nil)
        #expect(try version.isNewer(than: Version("1.0.0")) == nil)
        #expect(try Version("1.0.0").isNewer(than: version) == nil)
    }

    @Test("Build metadata does not order")
    func buildMetadata() throws {
        #expect(try Version("1.0.0+a").isNewer(than: Version("1.0.0+b")) == false)
        #expect(try Version("1.0.0+b").isNewer(than: Version("1.0.0+a")) == false)
        #expect(try Version("1.0.0+a") != Version("1.0.0+b"))
        #expect(try Version("1.0.0+01.2").semantic != nil)
    }

    @Test(
        "Text that cannot stand in a path, an attribute or a terminal is no version",
        arguments: [
            "", " ", "1.0 0", "1/2", "<1>", "a&b", "\"1\"", "1\n", "1\u{1B}[0m", "größe",
            String(repeating: "1", count: 129),
        ])
    func refuses(text: String) {
        #expect(throws: InvalidVersion.self) { try Version(text) }
    }
}

@Suite struct ApplicationIDTests {
    @Test("Braces and case do not matter for comparing, and are kept for echoing")
    func comparesCanonically() throws {
        let braced = try ApplicationID("{E96281A6-D1AF-4BDE-9A0A-97B76E56DC57}")
        #expect(braced == .flatcar)
        #expect(try ApplicationID("e96281a6-d1af-4bde-9a0a-97b76e56dc57") == .flatcar)
        #expect(braced.text == "{E96281A6-D1AF-4BDE-9A0A-97B76E56DC57}")
        #expect(braced.canonical == "e96281a6-d1af-4bde-9a0a-97b76e56dc57")
        #expect(Set([braced, .flatcar]).count == 1)
    }

    @Test(
        "Odd names are refused",
        arguments: ["", "{}", "{", "{a", "a}", "{{a}}", "a b", "a/b", "é", String(repeating: "a", count: 129)])
    func refuses(text: String) {
        #expect(throws: InvalidIdentifier.self) { try ApplicationID(text) }
    }
}

@Suite struct IdentifierTests {
    @Test(
        "An identifier is 1 to 128 harmless bytes",
        arguments: [
            ("0123456789abcdef0123456789abcdef", true), ("host-1.example_com:8@x", true),
            (String(repeating: "a", count: 128), true),
            ("", false), (String(repeating: "a", count: 129), false), ("a b", false), ("../x", false), ("a\0", false),
        ])
    func bounds(text: String, isValid: Bool) {
        #expect(((try? MachineID(text)) != nil) == isValid)
    }
}

@Suite struct DigestTests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("A digest is read in either case and written in lower case")
    func hexadecimal() {
        #expect(SHA256Digest(hexadecimal: Self.empty)?.hexadecimal == Self.empty)
        #expect(SHA256Digest(hexadecimal: Self.empty.uppercased())?.description == Self.empty)
        for text in ["", "e3", String(Self.empty.dropLast()), Self.empty + "00", "g" + Self.empty.dropFirst()] {
            #expect(SHA256Digest(hexadecimal: text) == nil)
        }
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    }

    @Test("Bytes survive being written as digits")
    func roundTrip() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0x") == nil)
    }
}

@Suite struct ArchitectureTests {
    @Test(
        "Every spelling of a processor family is understood",
        arguments: [
            ("amd64", .amd64), ("x86_64", .amd64), ("X64", .amd64), ("aarch64", .arm64), ("arm64", .arm64),
            ("i686", .i386),
            ("riscv64", nil), ("", nil),
        ] as [(String, Architecture?)])
    func spellings(text: String, architecture: Architecture?) {
        #expect(Architecture(text) == architecture)
    }

    @Test("A board names its architecture")
    func boards() {
        #expect(Architecture(board: "amd64-usr") == .amd64)
        #expect(Architecture(board: "arm64-usr") == .arm64)
        #expect(Architecture(board: "") == nil)
    }
}

@Suite struct UserMessageTests {
    @Test("Control characters of hostile input cannot reach a terminal")
    func removesControlCharacters() {
        let message = UserMessage("a\u{1B}[31mb\nc\u{7}", hint: "d\re", exit: .badData)
        #expect(message.line == "a [31mb c  d e")
    }
}

@Suite struct ByteCountTests {
    @Test(
        "Sizes read as people write them",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10 << 10, "10 KiB"),
            (23 << 20, "23 MiB"),
            (1 << 30, "1.0 GiB"), (.max, "16 EiB"),
        ] as [(UInt64, String)])
    func text(bytes: UInt64, text: String) {
        #expect(ByteCount.text(bytes) == text)
    }
}
