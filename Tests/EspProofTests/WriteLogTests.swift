import EspProof
import FleetTestKit
import SlotDevice
import Testing

@Suite struct WriteLogTests {
    private func log(_ maker: LogMaker, within range: Range<UInt64> = 0..<1 << 20) throws -> WriteLog {
        try WriteLog(MemoryBlockDevice(maker.bytes), within: range)
    }

    @Test("Writes fall into windows between flushes, in their order")
    func windows() throws {
        var maker = LogMaker()
        maker.flush()
        maker.write([UInt8](repeating: 1, count: 512), at: 1024)
        maker.write([UInt8](repeating: 2, count: 1024), at: 0)
        maker.flush()
        maker.flush()
        maker.write([UInt8](repeating: 3, count: 512), at: 512, flags: 1)
        let log = try log(maker)
        #expect(log.windows.map { $0.writes.map(\.offsetBytes) } == [[1024, 0], [512]])
        #expect(log.windows[0].writes[1].count == 1024)
        let device = MemoryBlockDevice(maker.bytes)
        #expect(try device.read(at: log.windows[0].writes[1].logOffsetBytes, count: 2) == [2, 2])
        #expect(try device.read(at: log.windows[1].writes[0].logOffsetBytes, count: 2) == [3, 3])
    }

    @Test("Only what lies on the partition counts, and a write across its ends counts in part")
    func clips() throws {
        var maker = LogMaker()
        maker.write((0..<2048).map { UInt8($0 / 512) }, at: 0)
        maker.write([UInt8](repeating: 9, count: 512), at: 8192)
        maker.discard(at: 16384, count: 512)
        let log = try log(maker, within: 512..<1536)
        let write = try #require(log.windows.first?.writes.first)
        #expect(log.windows.map(\.writes) == [[write]])
        #expect(write.offsetBytes == 0)
        #expect(write.count == 1024)
        #expect(try MemoryBlockDevice(maker.bytes).read(at: write.logOffsetBytes, count: 1024).first == 1)
    }

    @Test("What may be lost of it in other ways is refused, not guessed")
    func refuses() throws {
        var through = LogMaker()
        through.write([UInt8](repeating: 1, count: 512), at: 0, flags: 2)
        #expect(throws: EspProofError.self) { try log(through) }
        var discards = LogMaker()
        discards.discard(at: 0, count: 512)
        #expect(throws: EspProofError.self) { try log(discards) }
    }

    @Test("A log that is cut off or changed ends in an error or a value")
    func mutations() throws {
        var maker = LogMaker()
        for place in 0..<5 {
            maker.write([UInt8](repeating: UInt8(place), count: 1024), at: UInt64(place) * 2048)
            maker.flush()
        }
        let whole = maker.bytes
        #expect(try log(maker).windows.count == 5)
        for count in 0..<whole.count {
            #expect(throws: EspProofError.self) {
                try WriteLog(MemoryBlockDevice(Array(whole.prefix(count))), within: 0..<1 << 20)
            }
        }
        var random = SeededRandom(text: nil)
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0..<3 {
                let sector = Int.random(in: 0..<bytes.count / 512, using: &random)
                bytes[sector * 512 + Int.random(in: 0..<32, using: &random)] = [0, 1, 0x80, 0xFF].randomElement() ?? 0
            }
            _ = try? WriteLog(MemoryBlockDevice(bytes), within: 0..<1 << 20)
        }
    }
}

@Suite struct CutStateTests {
    private let window = [512, 4096, 512].enumerated().map { place, count in
        DiskWrite(offsetBytes: UInt64(place) * 8192, count: count, logOffsetBytes: 0)
    }

    @Test("A window is cut after each write, without each write, and within each write that can tear")
    func everyCut() {
        var random = SeededRandom(seed: 1)
        let states = CutState.states(
            of: window, .init(subsetsPerWindow: 0, regularStatesMax: 64), using: &random)
        let texts = states.map { state in
            state.parts.map { part in part.count.map { "\(part.index):\($0)" } ?? "\(part.index)" }
        }
        #expect(
            texts == [["0"], ["0", "1"], ["0", "1", "2"], ["1", "2"], ["0", "2"], ["0", "1:2048"]])
    }

    @Test("Chance is bounded, and the same seed chooses the same")
    func sampling() {
        let many = (0..<500).map { DiskWrite(offsetBytes: UInt64($0) * 8192, count: 1024, logOffsetBytes: 0) }
        func states(_ seed: UInt64) -> [CutState] {
            var random = SeededRandom(seed: seed)
            return CutState.states(of: many, .init(subsetsPerWindow: 3, regularStatesMax: 10), using: &random)
        }
        #expect(states(7) == states(7))
        #expect(states(7).count == 500 + 10 + 10 + 3)
    }
}
