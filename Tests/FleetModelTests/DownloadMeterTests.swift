import FleetModel
import Testing

@Suite("A download budget") struct DownloadMeterTests {
    private let start = Timestamp(microseconds: 1_700_000_000_000_000)

    @Test(
        "is free again when it has paid for what was booked, to the microsecond and never before",
        arguments: [
            (0, 1, 0), (1, 1, 1_000_000), (12_345, 1000, 12_345_000), (1, 3, 333_334), (2, 3, 666_667),
            (1, 1_000_000_000_000, 1), (1, .max, 1), (.max / 2, .max, 500_000), (.max, .max, 1_000_000), (10_000_000_000_000, 3, 3_333_333_333_333_333_334),
        ] as [(UInt64, UInt64, Int64)])
    func isExact(owed: UInt64, rate: UInt64, microseconds: Int64) {
        let meter = DownloadMeter(owedBytes: owed, at: .epoch)
        #expect(meter.freeAt(rate) == Timestamp(microseconds: microseconds))
        #expect(meter.nextFree(rate, at: Timestamp(microseconds: microseconds)) == nil)
        if microseconds > 0 {
            #expect(meter.nextFree(rate, at: Timestamp(microseconds: microseconds - 1)) == meter.freeAt(rate))
        }
    }

    @Test("keeps what is not paid for, and forgets what is")
    func booking() {
        let first = DownloadMeter(owedBytes: 0, at: start).booking(1000, 100, at: start)
        #expect(first == DownloadMeter(owedBytes: 1000, at: start))
        let later = start.adding(seconds: 10)
        #expect(first.booking(500, 100, at: later) == DownloadMeter(owedBytes: 500, at: later))
        #expect(first.booking(500, 50, at: later).freeAt(50) == start.adding(seconds: 30))
    }

    @Test("does not trap, whatever it is given")
    func extremes() {
        for owed in [0, 1, .max] as [UInt64] {
            for at in [Int64.min, 0, .max] {
                let meter = DownloadMeter(owedBytes: owed, at: Timestamp(microseconds: at))
                for rate in [1, .max] as [UInt64] {
                    let free = meter.freeAt(rate)
                    #expect(free >= meter.at)
                    #expect(meter.nextFree(rate, at: start) == (free > start ? free : nil))
                    let booked = meter.booking(.max, rate, at: start).booking(.max, rate, at: start)
                    #expect(booked.owedBytes == .max && booked.freeAt(rate) >= start)
                }
                #expect(meter.shifted(seconds: .max).at >= meter.at)
            }
        }
    }
}

@Suite("Bytes a second as text") struct RateTextTests {
    @Test(
        "are read in decimal and binary units",
        arguments: [
            ("100MB/s", 100_000_000), ("100MB", 100_000_000), ("1000", 1000), ("64kB/s", 64_000), ("1KiB/s", 1024),
            ("12.5MiB/s", 13_107_200), ("1.5GB/s", 1_500_000_000), ("0.125kB/s", 125), ("2B/s", 2),
        ] as [(String, UInt64)])
    func read(text: String, bytes: UInt64) { #expect(RateText.bytesPerSecond(text) == bytes) }

    @Test(
        "that make no sense are none",
        arguments: [
            "", "/s", "MB/s", "-1MB/s", "1.MB", ".5MB", "1.5", "1.5B/s", "1.2345MB", "1,5MB", "100Mbit/s", "100MB/m", " 1MB",
            "9999999999999999MB", "999999999999999GiB/s",
        ])
    func nonsense(text: String) { #expect(RateText.bytesPerSecond(text) == nil) }
}
