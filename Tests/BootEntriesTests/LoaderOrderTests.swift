import BootEntries
import FleetTestKit
import Testing

@Suite struct LoaderOrderTests {
    /// Source: UAPI.10 Version Format Specification, examples.
    private static let reference = [
        "122.1", "123~rc1-1", "123", "123-a", "123-a.1", "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1",
        "123a-1", "124-1",
    ]

    @Test("Versions come in the reference order of the specification")
    func referenceOrder() {
        for (place, left) in Self.reference.enumerated() {
            for (otherPlace, right) in Self.reference.enumerated() {
                let order = LoaderVersionOrder.compare(left, right)
                #expect(order.signum() == (place - otherPlace).signum(), "\(left) and \(right)")
            }
        }
    }

    @Test("Equal for the loader means equal", arguments: [
        ("", ""), ("1.0", "1.0"), ("001", "1"), ("1_0", "1 0"), ("é1", "1"), ("1~", "1~"),
    ])
    func equals(left: String, right: String) { #expect(LoaderVersionOrder.compare(left, right) == 0) }

    @Test("Older and newer, in the corners", arguments: [
        ("~", ""), ("", "0"), ("", "a"), ("A", "a"), ("a", "aa"), ("a", "0"), ("9", "10"), ("1.9", "1.10"),
        ("11α", "11β1"), ("1", "1-"), ("99999999999999999999999998", "99999999999999999999999999"),
    ])
    func corners(older: String, newer: String) {
        #expect(LoaderVersionOrder.compare(older, newer) < 0)
        #expect(LoaderVersionOrder.compare(newer, older) > 0)
    }

    @Test("The highest activation comes first, whatever the state; bad ones come last")
    func activations() {
        let names = [
            "martlet-11-b+0-3.efi", "martlet-10-a.efi", "martlet-9-b+2-1.efi", "martlet-2-a.efi", "martlet-1-b+0-1.efi",
        ]
        let entries = names.reversed().compactMap(LoaderFileName.init).map { LoaderEntry($0) }
        #expect(
            systemdBootOrder(entries).map(\.name.text) == [
                "martlet-10-a.efi", "martlet-9-b+2-1.efi", "martlet-2-a.efi", "martlet-11-b+0-3.efi",
                "martlet-1-b+0-1.efi",
            ])
    }

    @Test("Entries with a sort key come first, by key, machine and falling version; the default passes by strangers")
    func sortKeys() throws {
        func entry(_ name: String, _ key: String? = nil, _ machine: String? = nil, _ version: String? = nil) throws
            -> LoaderEntry
        {
            LoaderEntry(try #require(LoaderFileName(name)), sortKey: key, machineID: machine, version: version)
        }
        let entries = try [
            entry("martlet-1-a.efi"), entry("zz.efi"), entry("x1.efi", "x", nil, "1"), entry("x2.efi", "x", nil, "2"),
            entry("y.efi", "debian"), entry("m.efi", "x", "1", "9"), entry("old+0-1.efi", "aaa", nil, "99"),
        ]
        #expect(
            systemdBootOrder(entries).map(\.name.text) == [
                "y.efi", "x2.efi", "x1.efi", "m.efi", "zz.efi", "martlet-1-a.efi", "old+0-1.efi",
            ])
        #expect(systemdBootDefault(entries)?.name.text == "martlet-1-a.efi")
        #expect(systemdBootDefault([try entry("zz.efi")])?.name.text == "zz.efi")
        #expect(systemdBootDefault([]) == nil)
        let onlyBad = try [entry("zz.efi"), entry("martlet-1-a+0-1.efi")]
        #expect(systemdBootDefault(onlyBad)?.name.text == "martlet-1-a+0-1.efi")
    }

    @Test("Two readings of the loader's rules agree on names made by chance")
    func agreesWithModel() throws {
        var random = SeededRandom(text: nil)
        let pieces = [
            "martlet-", "martlet", "-a", "-b", "+", "3-0", "0-1", "2", "10", "007", "~", "^", ".", "-", "x", "rc", "é",
        ]
        for _ in 0..<20_000 {
            let names = (0..<3).map { _ in
                (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                    .joined() + ".efi"
            }
            let entries = names.compactMap(LoaderFileName.init).map { LoaderEntry($0) }
            guard let mine = systemdBootDefault(entries)?.name, let other = SystemdBootModel.choice(among: names) else {
                #expect(entries.isEmpty && SystemdBootModel.choice(among: names) == nil)
                continue
            }
            // Names that count as equal may stand either way.
            let isSame =
                mine.text == other || LoaderVersionOrder.compare(mine.id, other.lowercased()) == 0
            #expect(isSame, "\(names): \(mine.text) or \(other), \(random)")
        }
    }
}
