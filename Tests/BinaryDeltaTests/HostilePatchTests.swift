import BinaryDelta
import CompressionCodecs
import Testing
import UpdateModel

@Suite struct HostilePatchTests {
    private func header(_ control: Int64, _ diff: Int64, _ newSize: Int64) -> [UInt8] {
        Array("BSDIFF40".utf8) + [control, diff, newSize].flatMap(HandmadePatch.number)
    }

    @Test("what does not begin as a patch, or ends within the header, is refused")
    func openings() {
        for bytes in [
            [], Array("BSDIFF4".utf8), Array("BSDIFF41".utf8), Array("BSDF2".utf8), Array("hello, world".utf8),
        ] {
            #expect(throws: BinaryDeltaError.notAPatch) { try BSDiffPatch(bytes, newSizeLimit: 1) }
        }
        for count in 8..<32 {
            #expect(throws: BinaryDeltaError.damagedHeader) {
                try BSDiffPatch(BSDiffPatchTests.hello.prefix(count), newSizeLimit: 12)
            }
        }
    }

    @Test(
        "negative and oversize lengths in the header are refused",
        arguments: [
            (-1, 0, 0), (0, -1, 0), (0, 0, -1), (11, 0, 0), (0, 11, 0), (5, 6, 0), (.max, 0, 0), (0, .max, 0),
            (.max, .max, 0), (-.max, -.max, -.max), (10, .max, 1),
        ] as [(Int64, Int64, Int64)])
    func lengths(control: Int64, diff: Int64, newSize: Int64) {
        let bytes = header(control, diff, newSize) + [UInt8](repeating: 0, count: 10)
        #expect(throws: BinaryDeltaError.damagedHeader) { try BSDiffPatch(bytes, newSizeLimit: .max) }
    }

    @Test("a patch that makes more than the limit is refused before anything is unpacked")
    func outputLimit() {
        #expect(throws: BinaryDeltaError.outputTooLarge(size: 12, limit: 11)) {
            try BSDiffPatch(BSDiffPatchTests.hello, newSizeLimit: 11)
        }
        #expect(throws: BinaryDeltaError.outputTooLarge(size: UInt64(Int64.max), limit: 1 << 40)) {
            try BSDiffPatch(header(0, 0, .max), newSizeLimit: 1 << 40)
        }
    }

    @Test(
        "instructions that make no sense are refused",
        arguments: [
            [(-1, 0, 0)], [(0, -1, 0)], [(11, 0, 0)], [(0, 11, 0)], [(5, 6, 0)], [(4, 4, 0), (1, 2, 0)],
            [(.max, 0, 0)], [(1, .max, 0)], [(.max, .max, .max)], [(-.max, -.max, -.max)],
            [(0, 0, .max), (0, 0, .max), (10, 0, 0)], [(0, 0, -.max), (0, 0, -.max), (10, 0, 0)],
            [(0, 0, .max), (10, 0, 0)],
        ] as [[(Int64, Int64, Int64)]])
    func instructions(triples: [(Int64, Int64, Int64)]) throws {
        let zeros = [UInt8](repeating: 0, count: 10)
        let patch = HandmadePatch(triples: triples, diff: zeros, extra: zeros, newSize: 10)
        #expect(throws: BinaryDeltaError.damagedInstructions) { try apply(patch.bytes(), to: [1, 2, 3]) }
    }

    @Test("instructions that do nothing, without end, are refused soon; a few are allowed")
    func idleInstructions() throws {
        let idle = [(Int64, Int64, Int64)](repeating: (0, 0, 1), count: 10_000)
        let endless = HandmadePatch(triples: idle, newSize: 10)
        #expect(throws: BinaryDeltaError.damagedInstructions) { try apply(endless.bytes(), to: [1]) }
        let few = HandmadePatch(triples: idle.prefix(64) + [(0, 1, 0)], extra: [5], newSize: 1)
        #expect(try apply(few.bytes(), to: [1]) == [5])
    }

    @Test("more instructions than a patch of its size can need are refused")
    func manyInstructions() throws {
        let tiny = [(Int64, Int64, Int64)](repeating: (1, 0, 0), count: 2_000)
        let zeros = [UInt8](repeating: 0, count: 2_000)
        let patch = HandmadePatch(triples: tiny, diff: zeros, newSize: 2_000)
        #expect(throws: BinaryDeltaError.damagedInstructions) { try apply(patch.bytes(), to: zeros) }
    }

    @Test("a patch that jumps about for single bytes reads little more than it makes")
    func jumps() throws {
        let blockCount = 2048
        let old = [UInt8](repeating: 7, count: blockCount * 8192)
        let steps = 40_000
        // Each step adds to one byte of another block, and comes back to a block when all of the others have been read.
        let places = (0...steps).map { Int64($0 * 7 % blockCount) * 8192 + 1 }
        let triples = (0..<steps).map { (Int64(1), Int64(3), places[$0 + 1] - places[$0] - 1) }
        let start = [(Int64(0), Int64(0), places[0])]
        let patch = HandmadePatch(
            triples: start + triples, diff: [UInt8](repeating: 1, count: steps),
            extra: [UInt8](repeating: 9, count: 3 * steps), newSize: Int64(4 * steps))
        var (bytesRead, made) = (0, [UInt8]())
        try BSDiffPatch(patch.bytes(), newSizeLimit: 1 << 20).apply(
            oldSize: UInt64(old.count),
            readOld: { offset, count in
                bytesRead += count
                return Array(old[Int(offset)..<Int(offset) + count])
            },
            write: { made += $0 })
        #expect(made == (0..<steps).flatMap { _ in [8, 9, 9, 9] as [UInt8] })
        // A MiB to begin with; then nine for each byte that is added to.
        #expect(bytesRead <= 1 << 20 + 9 * steps, "\(bytesRead) bytes for \(steps)")
    }

    private func failure(_ patch: HandmadePatch) throws -> BinaryDeltaError {
        try #require(throws: BinaryDeltaError.self) { try apply(patch.bytes(), to: [1, 2, 3]) }
    }

    @Test("parts that are too short, too long, or not bzip2 are refused by name")
    func parts() throws {
        typealias Failure = BinaryDeltaError
        let good = HandmadePatch(triples: [(2, 2, 0)], diff: [0, 0], extra: [8, 9], newSize: 4)
        #expect(try apply(good.bytes(), to: [1, 2, 3]) == [1, 2, 8, 9])

        var patch = good
        patch.triples = []
        #expect(try failure(patch) == Failure.damagedPart(.control, .outputTooShort(missing: 24)))
        patch = good
        patch.triples.append((0, 0, 0))
        #expect(try failure(patch) == Failure.damagedPart(.control, .outputUnread))
        patch = good
        patch.diff = [0]
        #expect(try failure(patch) == Failure.damagedPart(.diff, .outputTooShort(missing: 1)))
        patch.diff = [0, 0, 0]
        #expect(try failure(patch) == Failure.damagedPart(.diff, .outputUnread))
        patch = good
        patch.extra = [8, 9, 10, 11, 12]
        #expect(try failure(patch) == Failure.damagedPart(.extra, .outputTooLarge(limit: 4)))
        let bytes = try good.bytes()
        #expect(throws: Failure.damagedPart(.extra, .truncated(.bzip2))) { try apply(bytes.dropLast(), to: [1, 2, 3]) }
        #expect(throws: Failure.damagedPart(.extra, .trailingBytes(.bzip2, count: 1))) {
            try apply(bytes + [0], to: [1, 2, 3])
        }
    }

    @Test("a changed or cut patch is refused or gives the right size, and never traps")
    func mutations() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = Sequence64(state: seed)
        let edited = try Vectors.bytes("edited.patch")
        let old = Vectors.oldText(count: 120_000)
        for round in 0..<400 {
            var patch = round.isMultiple(of: 2) ? BSDiffPatchTests.hello : edited
            for _ in 0...chance.number(below: 3) {
                let place = chance.number(below: chance.number(below: 2) == 0 ? 40 : patch.count)
                patch[place] ^= 1 << UInt8(chance.number(below: 8))
            }
            if chance.number(below: 4) == 0 { patch.removeLast(chance.number(below: patch.count)) }
            do {
                let output = try apply(patch, to: old, newSizeLimit: 1 << 20)
                #expect(output.count <= 1 << 20)
            } catch {
                #expect(error is BinaryDeltaError, "seed \(seed), round \(round)")
            }
        }
    }

    @Test("random instructions give what a simple model gives, or are refused by both")
    func model() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = Sequence64(state: seed)
        for round in 0..<300 {
            let old = chance.bytes(count: chance.number(below: 50))
            var patch = HandmadePatch(newSize: 0)
            for _ in 0..<chance.number(below: 8) {
                let (added, copied) = (chance.number(below: 20), chance.number(below: 20))
                guard added + copied > 0 else { continue }
                patch.triples.append((Int64(added), Int64(copied), Int64(chance.number(below: 121)) - 60))
                patch.diff += chance.bytes(count: added)
                patch.extra += chance.bytes(count: copied)
                patch.newSize += Int64(added + copied)
            }
            #expect(try apply(patch.bytes(), to: old) == modelOutput(patch, old), "seed \(seed), round \(round)")
        }
    }

    /// What `patch` means, without any care.
    private func modelOutput(_ patch: HandmadePatch, _ old: [UInt8]) -> [UInt8] {
        var (new, position, diff, extra) = ([UInt8](), 0, patch.diff[...], patch.extra[...])
        for (added, copied, seek) in patch.triples {
            for _ in 0..<added {
                new.append(diff.removeFirst() &+ (old.indices.contains(position) ? old[position] : 0))
                position += 1
            }
            new += extra.prefix(Int(copied))
            extra = extra.dropFirst(Int(copied))
            position += Int(seek)
        }
        return new
    }

    @Test("every error of a patch is one line and exits as it should")
    func messages() {
        let errors: [BinaryDeltaError] = [
            .notAPatch, .damagedHeader, .outputTooLarge(size: 2, limit: 1), .unsupportedCompressor(identifier: 2),
            .damagedInstructions, .damagedPart(.diff, .truncated(.bzip2)),
        ]
        for error in errors {
            #expect(error.userMessage.exit == .badData)
            #expect(!error.userMessage.line.contains("\n"))
        }
        #expect(BinaryDeltaError.damagedPart(.diff, .outOfMemory(.bzip2)).userMessage.exit == .tryLater)
    }
}
