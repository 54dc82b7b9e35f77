import EngineTestKit
import FleetTestKit
import Testing
import UpdateEngineKit
import UpdateLogic
import UpdateModel

/// Faults of the way and of the server, each played at every chunk of a payload: header, metadata, each operation, the
/// signature, the end, and one byte before and behind each.
@Suite("A download over a bad link", .serialized)
struct DownloadFaultTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// Whether the same mirror can still bring the payload in the same session.
        var isSurvivable: Bool
        /// Whether what has arrived is not asked for again.
        var isFrugal = false
        var faults: @Sendable (_ place: Int) -> [FaultProxy.Fault]
    }

    static let kinds = [
        Kind(testDescription: "cut", isSurvivable: true, isFrugal: true) { [.cut(at: $0)] },
        Kind(testDescription: "cut thrice", isSurvivable: true, isFrugal: true) {
            [.cut(at: $0), .cut(at: $0 + 1), .cut(at: $0 + 1)]
        },
        Kind(testDescription: "stalls", isSurvivable: true, isFrugal: true) { [.stall(at: $0)] },
        Kind(testDescription: "slows down", isSurvivable: true) { [.slow(from: $0)] },
        Kind(testDescription: "ignores the range", isSurvivable: true) { [.cut(at: $0), .ignoreRange] },
        Kind(testDescription: "another range, further on", isSurvivable: true) { [.cut(at: $0), .wrongRange(by: 7)] },
        Kind(testDescription: "another range, further back", isSurvivable: true) {
            [.cut(at: $0), .wrongRange(by: -7)]
        },
        Kind(testDescription: "same bytes, another tag", isSurvivable: true) { [.cut(at: $0), .touch] },
        Kind(testDescription: "another file, told", isSurvivable: false) { [.cut(at: $0), .change(.told)] },
        Kind(testDescription: "another file, half told", isSurvivable: false) { [.cut(at: $0), .change(.halfTold)] },
        Kind(testDescription: "another file, in silence", isSurvivable: false) { [.cut(at: $0), .change(.silent)] },
        Kind(testDescription: "truncated, told", isSurvivable: false) {
            [.cut(at: $0), .truncate(to: $0, isTold: true)]
        },
        Kind(testDescription: "truncated, in silence", isSurvivable: false) { [.truncate(to: $0, isTold: false)] },
        Kind(testDescription: "more bytes, told", isSurvivable: false) { [.cut(at: $0), .extra(9, isTold: true)] },
        Kind(testDescription: "more bytes, in silence", isSurvivable: true) {
            [.cut(at: $0), .extra(9, isTold: false)]
        },
        Kind(testDescription: "500", isSurvivable: true, isFrugal: true) { [.cut(at: $0), .status(500)] },
        Kind(testDescription: "503 twice", isSurvivable: true, isFrugal: true) {
            [.cut(at: $0), .status(503), .status(503)]
        },
        Kind(testDescription: "404", isSurvivable: false) { [.cut(at: $0), .status(404)] },
        Kind(testDescription: "redirects for ever", isSurvivable: false) { [.cut(at: $0), .redirect] },
        Kind(testDescription: "compressed", isSurvivable: false) { [.cut(at: $0), .gzip] },
        Kind(testDescription: "says too great a length", isSurvivable: false) { [.cut(at: $0), .wrongLength(by: 5)] },
        Kind(testDescription: "says too small a length", isSurvivable: false) { [.cut(at: $0), .wrongLength(by: -5)] },
    ]

    /// How much may be sent twice: an interval between two checkpoints, and a chunk.
    private let twiceMax = DownloadRig.checkpointBytes + DownloadRig.chunkBytes

    private func places(_ rig: DownloadRig) -> [Int] {
        let end = rig.release.payload.count
        return Set(rig.boundaries.flatMap { [$0 - 1, $0, $0 + 1] }).filter { (0..<end).contains($0) }.sorted()
    }

    @Test("from one mirror ends with the right bytes, or with a clear error and then with them", arguments: kinds)
    func oneMirror(_ kind: Kind) async throws {
        try await DownloadRig.run { rig in
            for place in places(rig) {
                rig.reset(kind.faults(place))
                do {
                    try await rig.fetch()
                    #expect(kind.isSurvivable, "at \(place)")
                } catch {
                    let error = try #require(error as? any UserFacingError, "at \(place): \(error)")
                    #expect(!kind.isSurvivable, "at \(place): \(error.userMessage.line)")
                    rig.mend()
                    try await rig.fetch()
                }
                #expect(rig.isInstalled, "at \(place)")
                let twice = rig.sentByteCount - rig.release.payload.count
                if kind.isFrugal { #expect((0..<twiceMax).contains(twice), "at \(place)") }
            }
        }
    }

    @Test(
        "of a file that changes is told so before a byte of the other file is used",
        arguments: [FaultProxy.Change.told, .halfTold])
    func changed(_ change: FaultProxy.Change) async throws {
        try await DownloadRig.run { rig in
            for place in places(rig).dropFirst() where place > 0 {
                rig.reset([.cut(at: place), .change(change)])
                let error = await #expect(throws: DownloadError.self, "at \(place)") { try await rig.fetch() }
                #expect(error == .changed(offsetBytes: UInt64(place)), "at \(place)")
            }
        }
    }

    @Test("goes on at another mirror, and that one is asked first the next time", arguments: kinds)
    func twoMirrors(_ kind: Kind) async throws {
        try await DownloadRig.run(mirrors: 2) { rig in
            for place in places(rig) {
                rig.reset(kind.faults(place))
                try await rig.fetch()
                #expect(rig.isInstalled, "at \(place)")
                guard rig.mirrors[1].requestCount > 0 else { continue }
                rig.mend()
                try await rig.fetch()
                #expect(rig.mirrors.map { $0.requestCount > 0 } == [false, true], "at \(place)")
            }
        }
    }

    @Test("that is cut at any byte ends with the right ones")
    func everyByte() async throws {
        try await DownloadRig.run(recipe: { $0.imageBytes = 512; $0.operationBytes = 512 }) { rig in
            for place in 0..<rig.release.payload.count {
                rig.reset([.cut(at: place)])
                try await rig.fetch()
                #expect(rig.isInstalled, "at \(place)")
            }
        }
    }

    @Test(
        "and a power cut at any chunk costs no more than a checkpoint's interval and a chunk",
        arguments: CacheSurvival.allCases)
    func powerCut(_ survival: CacheSurvival) async throws {
        try await DownloadRig.run { rig in
            for place in places(rig).dropFirst() {
                rig.reset([.stall(at: place)])
                await #expect(throws: DownloadRig.PowerLost.self) {
                    try await rig.fetch {
                        $0.powerCut = place
                        $0.survival = survival
                        $0.limits.batchBytes = 1
                    }
                }
                let before = rig.sentByteCount
                rig.restorePower()
                rig.mend()
                let beginnings = try await rig.fetch()
                #expect(rig.isInstalled, "at \(place)")
                let twice = before + rig.sentByteCount - rig.release.payload.count
                let first = beginnings.first == 0 ? rig.metadataBytes : 0
                #expect(twice < twiceMax + first, "at \(place)")
            }
        }
    }

    @Test("fetches nothing of what would not fit")
    func tooLarge() async throws {
        try await DownloadRig.run(recipe: { $0.imageBytes = 128 << 10 }) { rig in
            await #expect(throws: (any Error).self) { try await rig.fetch() }
            #expect(rig.sentByteCount == rig.metadataBytes)
            #expect(rig.mirrors[0].requestCount == 2)
        }
    }
}

@Suite("A download that is held back", .serialized)
struct DownloadLimitTests {
    /// A pause of 187.5 ms comes with the cut, of which a tenth of a second is made good.
    @Test(
        "takes exactly its bytes at the rate, over however many connections",
        arguments: [([], .zero), ([.cut(at: 9000)], .microseconds(87_500))] as [([FaultProxy.Fault], Duration)])
    func exact(_ faults: [FaultProxy.Fault], idle: Duration) async throws {
        try await DownloadRig.run { rig in
            rig.reset(faults)
            let clock = SkippingClock()
            try await rig.fetch {
                $0.pauses = Stopwatch(clock)
                $0.limits.transfer.standard = 1000
            }
            #expect(clock.now.elapsed == .milliseconds(rig.release.payload.count) + idle)
        }
    }

    @Test("goes as fast as it can from the minute on at which the limit ends")
    func hours() async throws {
        try await DownloadRig.run { rig in
            let clock = SkippingClock()
            let start = Duration.seconds(17 * 3600 + 59 * 60 + 50)
            try await rig.fetch {
                $0.pauses = Stopwatch(clock)
                $0.localTime = { LocalTime(weekday: .friday, sinceMidnight: start + clock.now.elapsed) }
                $0.limits.transfer.rules = [
                    .init(hours: DaySpan("08:00-18:00") ?? .wholeDay, days: [.friday], bytesPerSecond: 1000)
                ]
            }
            #expect(clock.now.elapsed == .seconds(10))
        }
    }
}
