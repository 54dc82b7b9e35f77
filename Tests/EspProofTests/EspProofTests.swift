import EspProof
import Testing

@Suite struct EspProofTests {
    @Test("Content that is flushed before its name survives every cut", arguments: [16, 32])
    func soundActivation(kind: Int) async throws {
        try await withTestVolume(kind: kind) { volume in
            let (log, before) = try await activation(of: volume, flushesBetween: true)
            let verdict = try await volume.prove(log, from: before)
            print(verdict)
            #expect(verdict.findings == [])
            #expect(verdict.windows == 2)
            #expect(Set(verdict.choices.keys) == ["martlet-1-a.efi", "martlet-2-b+3-0.efi"])
            #expect(verdict.structures > 3)
        }
    }

    @Test("A flush that is missing between content and name is found")
    func missingFlush() async throws {
        try await withTestVolume { volume in
            let (log, before) = try await activation(of: volume, flushesBetween: false)
            let flaws = try await volume.prove(log, from: before).findings.map(\.flaw)
            #expect(flaws.contains(.tornChoice("martlet-2-b+3-0.efi")))
        }
    }

    @Test("A new name without the file's place, as Linux writes it before the file is synchronised, is found")
    func emptyName() async throws {
        try await withTestVolume { volume in
            let before = try volume.bytes
            try await volume.rename("martlet-1-a.efi", to: "martlet-2-a.efi")
            let after = try volume.bytes
            var log = LogMaker()
            log.writeDifference(from: before, to: try Self.emptied("MARTLE", in: after))
            log.flush()
            log.writeDifference(from: try Self.emptied("MARTLE", in: after), to: after)
            log.flush()
            let findings = try await volume.prove(log, from: before).findings
            #expect(findings.map(\.flaw).contains(.nothingBootable(names: ["martlet-2-a.efi"])))
            var atOnce = LogMaker()
            atOnce.writeDifference(from: before, to: after)
            let sound = try await volume.prove(atOnce, from: before)
            #expect(sound.findings == [])
            #expect(Set(sound.choices.keys) == ["martlet-1-a.efi", "martlet-2-a.efi"])
        }
    }

    @Test("The last entry's removal is found, and so is a write into a file that boots")
    func planted() async throws {
        try await withTestVolume { volume in
            let before = try volume.bytes
            try await volume.remove("martlet-1-a.efi")
            var removal = LogMaker()
            removal.writeDifference(from: before, to: try volume.bytes)
            let flaws = try await volume.prove(removal, from: before).findings.map(\.flaw)
            #expect(flaws.contains(.nothingBootable(names: [])))
        }
        try await withTestVolume { volume in
            let before = try volume.bytes
            try await volume.put(TestVolume.images[1], as: "martlet-1-a.efi")
            var overwriting = LogMaker()
            overwriting.writeDifference(from: before, to: try volume.bytes)
            let flaws = try await volume.prove(overwriting, from: before).findings.map(\.flaw)
            #expect(!flaws.isEmpty)
        }
    }

    @Test("A slot whose root is written must have lost its entry, for good, before the first byte")
    func writtenWhileBootable() async throws {
        try await withTestVolume { volume in
            try await volume.put(TestVolume.images[1], as: "martlet-2-b.efi")
            let before = try volume.bytes
            try await volume.rename("martlet-2-b.efi", to: "martlet-b.new")
            let after = try volume.bytes
            func flaws(_ steps: [Step]) async throws -> [EspFlaw] {
                var log = LogMaker()
                for step in steps {
                    switch step {
                    case .invalidate: log.writeDifference(from: before, to: after)
                    case .flush: log.flush()
                    case .root: log.write([UInt8](repeating: 1, count: 512), at: TestVolume.rootOfB.lowerBound + 4096)
                    }
                }
                return try await volume.prove(log, from: before).findings.map(\.flaw)
            }
            let flaw = EspFlaw.bootsWhileWritten("martlet-2-b.efi")
            let sound = try await flaws([.invalidate, .flush, .root, .flush, .root, .flush])
            #expect(sound == [])
            #expect(try await flaws([.invalidate, .root, .flush]).contains(flaw), "a flush is missing")
            #expect(try await flaws([.root, .flush, .invalidate, .flush]).contains(flaw), "it comes too late")
            #expect(try await flaws([.root, .flush, .invalidate, .flush, .root, .flush]).contains(flaw))
        }
    }

    private enum Step {
        case invalidate, flush, root
    }

    @Test("A name that says proven over something that never passes its trial is found")
    func provenForNothing() async throws {
        try await withTestVolume { volume in
            let (log, before) = try await activation(of: volume, flushesBetween: true)
            let sound = try await volume.prove(log, from: before, hopeless: ["two"])
            #expect(sound.findings == [])
            let activated = try volume.bytes
            try await volume.rename("martlet-2-b+3-0.efi", to: "martlet-2-b.efi")
            var blessing = LogMaker()
            blessing.writeDifference(from: activated, to: try volume.bytes)
            let flaws = try await volume.prove(blessing, from: activated, hopeless: ["two"]).findings.map(\.flaw)
            #expect(flaws == [.provenForNothing("martlet-2-b.efi")])
        }
    }

    /// A new image as `martlet-b.new`, then under the name of an entry.
    private func activation(
        of volume: TestVolume, flushesBetween: Bool
    ) async throws -> (log: LogMaker, before: [UInt8]) {
        let before = try volume.bytes
        var log = LogMaker()
        try await volume.put(TestVolume.images[1], as: "martlet-b.new")
        let written = try volume.bytes
        log.writeDifference(from: before, to: written)
        if flushesBetween { log.flush() }
        try await volume.rename("martlet-b.new", to: "martlet-2-b+3-0.efi")
        log.writeDifference(from: written, to: try volume.bytes)
        log.flush()
        return (log, before)
    }

    /// The volume with place and size taken from the short-name records that begin so.
    private static func emptied(_ start: String, in bytes: [UInt8]) throws -> [UInt8] {
        var bytes = bytes
        let pattern = Array(start.utf8)
        var count = 0
        for place in stride(from: 0, to: bytes.count, by: 32) where bytes[place..<place + 6].elementsEqual(pattern) {
            for field in [20, 21, 26, 27, 28, 29, 30, 31] { bytes[place + field] = 0 }
            count += 1
        }
        try #require(count == 1)
        return bytes
    }
}
