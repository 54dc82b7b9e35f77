import BinaryDelta
import ContentTrust
import Testing
import UpdateModel

@Suite("Patches made here")
struct MadePatchTests {
    @Test("a BSDIFF40 patch makes what it was made for, whatever the bytes", arguments: 0..<60)
    func bsdiffRoundTrip(seed: UInt64) throws {
        let pair = DataPair(seed: seed)
        let patch = try BSDiffPatch.make(old: pair.old[...], new: pair.new[...])
        let read = try BSDiffPatch(patch, newSizeLimit: UInt64(pair.new.count))
        #expect(
            try collect { try read.apply(oldSize: UInt64(pair.old.count), readOld: pair.readOld, write: $0) }
                == pair.new)
    }

    @Test("a streamed patch makes what it was made for, whatever the bytes", arguments: 0..<60)
    func streamedRoundTrip(seed: UInt64) throws {
        let pair = DataPair(seed: seed)
        var maker = StreamedPatchMaker(effort: seed % 3 == 0 ? .fast : .best)
        let cut = pair.new.count / 3
        maker.add(pair.new[..<cut])
        try maker.add(pair.new[cut...], resembling: pair.old[...], at: 0)
        let patch = try maker.patch(old: pair.old[...])
        let read = try StreamedPatch(patch[...], newSizeLimit: UInt64(pair.new.count))
        #expect(read.newSize == UInt64(pair.new.count))
        #expect(
            try collect { try read.apply(oldSize: UInt64(pair.old.count), readOld: pair.readOld, write: $0) }
                == pair.new)
    }

    @Test("a program with moved addresses costs a fraction of its size")
    func movedAddresses() throws {
        var random = Numbers(seed: 7)
        let old = (0..<200_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var new = Array(old[..<50_000]) + [1, 2, 3] + Array(old[50_000...])
        for place in stride(from: 0, to: new.count, by: 200) { new[place] &+= 16 }
        var maker = StreamedPatchMaker()
        try maker.add(new[...], resembling: old[...], at: 0)
        #expect(try maker.patch(old: old[...]).count < 2_000)
        #expect(try BSDiffPatch.make(old: old[...], new: new[...]).count < 4_000)
    }

    @Test("old data that small additions jump about in is read a few times, not once for each")
    func jumps() throws {
        var random = Numbers(seed: 11)
        let old = (0..<400_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        // Pieces of 200 bytes from five places in turn.
        let new = (0..<2_000).flatMap { index in
            let start = index % 5 * 80_000 + index / 5 * 200
            return old[start..<start + 200]
        }
        let patch = try BSDiffPatch.make(old: old[...], new: new[...])
        let read = try BSDiffPatch(patch, newSizeLimit: UInt64(new.count))
        var reads = 0
        let made = try collect { write in
            try read.apply(
                oldSize: UInt64(old.count),
                readOld: { offset, count in
                    reads += 1
                    return Array(old[Int(offset)..<Int(offset) + count])
                }, write: write)
        }
        #expect(made == new)
        #expect(reads < 200, "\(reads) reads for 2000 pieces")
    }

    @Test("long repetitions take no time that grows with their square", .timeLimit(.minutes(1)))
    func repetitions() throws {
        var old = [UInt8](repeating: 0, count: 2 << 20)
        var new = old
        for place in stride(from: 0, to: old.count, by: 4_099) { old[place] = 1 }
        for place in stride(from: 0, to: new.count, by: 4_093) { new[place] = 1 }
        let patch = try BSDiffPatch.make(old: old[...], new: new[...])
        let read = try BSDiffPatch(patch, newSizeLimit: UInt64(new.count))
        let made = try collect { write in
            try read.apply(
                oldSize: UInt64(old.count), readOld: { Array(old[Int($0)..<Int($0) + $1]) }, write: write)
        }
        #expect(made == new)
    }

    @Test("a streamed patch with any bit turned is refused, or makes other bytes, but never fewer", arguments: 0..<8)
    func tampered(seed: UInt64) throws {
        let pair = DataPair(seed: seed + 3)
        let patch = try patch(of: pair)
        for bit in 0..<8 * patch.count {
            guard let made = try? apply(patch.turning(bit), to: pair) else { continue }
            #expect(made.count == pair.new.count, "bit \(bit)")
        }
        for length in 0..<patch.count {
            #expect(throws: BinaryDeltaError.self) { try apply(Array(patch.prefix(length)), to: pair) }
        }
    }

    @Test("of a streamed patch every bit counts but a few of its header, and is refused or seen in the digest")
    func everyBit() throws {
        let pair = DataPair(unlike: 3_000, edits: 30)
        let patch = try patch(of: pair)
        let wanted = StreamDigest.digest(of: pair.new)
        #expect(patch.count > 1_000)
        var (refusedCount, noticedCount, harmlessCount) = (0, 0, 0)
        for bit in 0..<8 * patch.count {
            guard let made = try? apply(patch.turning(bit), to: pair) else {
                refusedCount += 1
                continue
            }
            #expect(made.count == pair.new.count)
            let isNoticed = StreamDigest.digest(of: made) != wanted
            #expect(isNoticed == (made != pair.new))
            if isNoticed { noticedCount += 1 } else { harmlessCount += 1 }
        }
        // A dictionary may be larger than it must be, and known bytes that nothing refers to may be any.
        #expect(harmlessCount < 8 * 32, "\(refusedCount) refused, \(noticedCount) noticed, \(harmlessCount) harmless")
    }

    private func patch(of pair: DataPair) throws -> [UInt8] {
        var maker = StreamedPatchMaker()
        try maker.add(pair.new[...], resembling: pair.old[...], at: 0)
        return try maker.patch(old: pair.old[...])
    }

    private func apply(_ patch: [UInt8], to pair: DataPair) throws -> [UInt8] {
        let read = try StreamedPatch(patch[...], newSizeLimit: UInt64(pair.new.count))
        return try collect { try read.apply(oldSize: UInt64(pair.old.count), readOld: pair.readOld, write: $0) }
    }

    private func collect(_ body: ((ArraySlice<UInt8>) throws -> Void) throws -> Void) rethrows -> [UInt8] {
        var made: [UInt8] = []
        try body { made += $0 }
        return made
    }
}

/// Old and new data of many shapes: empty, equal, unlike, moved, repeated.
private struct DataPair {
    let old: [UInt8]
    let new: [UInt8]

    init(seed: UInt64) {
        var random = Numbers(seed: seed)
        let range = [0, 1, 2, 40, 5_000, 60_000][Int(seed % 6)]
        let alphabet = [2, 4, 256][Int(seed / 6 % 3)]
        func data(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(random.next() % UInt64(alphabet)) } }
        let start = data(range)
        var changed = start
        for _ in 0..<min(20, changed.count) {
            let place = Int(random.next() % UInt64(changed.count))
            switch random.next() % 4 {
            case 0: changed[place] &+= 1
            case 1: changed.insert(contentsOf: data(Int(random.next() % 50)), at: place)
            case 2: changed.removeSubrange(place..<min(changed.count, place + Int(random.next() % 50)))
            default: changed.append(contentsOf: changed[place..<min(changed.count, place + 300)])
            }
            if changed.isEmpty { break }
        }
        old = start
        new = seed % 7 == 0 ? data(range / 2) : changed
    }

    /// Old data that resembles nothing; new data that differs in places, and has something of its own in the middle.
    init(unlike count: Int, edits: Int) {
        var random = Numbers(seed: 1)
        func data(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        old = data(count)
        var changed = old
        for _ in 0..<edits { changed[Int(random.next() % UInt64(count))] &+= 1 }
        new = changed[..<(count / 2)] + data(1_000) + changed[(count / 2)...]
    }

    func readOld(_ offset: UInt64, _ count: Int) -> [UInt8] { Array(old[Int(offset)..<Int(offset) + count]) }
}

extension [UInt8] {
    fileprivate func turning(_ bit: Int) -> [UInt8] {
        var bytes = self
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }
}

/// The same numbers for the same seed (SplitMix64).
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
