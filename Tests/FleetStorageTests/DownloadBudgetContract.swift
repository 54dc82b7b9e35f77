import FleetModel
import FleetStorage
import FleetStorageSQLite
import Testing
import UpdateModel

@Suite("FleetStore contract: the download budget of a group")
struct DownloadBudgetContract {
    /// A payload of these tests has 12345 bytes.
    private var policy: RolloutPolicy {
        var policy = RolloutPolicy(stopAfterFailures: nil)
        policy.downloadBytesPerSecond = 1000
        return policy
    }

    private func end(_ milliseconds: Int64) -> Timestamp {
        Timestamp(microseconds: start.microseconds + milliseconds * 1000)
    }

    @Test("the next grant waits until the last one is paid for, and is told when that is", arguments: StoreKind.allCases)
    func grantsArePaced(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy)
            #expect(try await store.web().policy == policy)
            #expect(try await store.downloads(of: GroupName("web"), in: os) == nil)
            #expect(try await store.check("m1").isOffer)
            #expect(try await store.check("m2", at: 1).decision == .hold(.limitDownloads, until: end(12_345)))
            #expect(try await store.check("m1", at: 2).isOffer, "who holds a place has paid")
            #expect(try await store.check("m2", at: 12).hold == .limitDownloads)
            #expect(try await store.check("m2", at: 13).isOffer)
            #expect(try await store.check("m3", at: 14).decision == .hold(.limitDownloads, until: end(25_345)))
            #expect(try await store.census(of: GroupName("web"), in: os).holds[.limitDownloads] == 1)
        }
    }

    @Test("Invariant 6: of many that ask at once one is granted", arguments: StoreKind.allCases)
    func inParallel(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy)
            let offers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 { group.addTask { try await store.check("m\(number)").isOffer } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(offers == 1)
        }
    }

    @Test("a delta books what it has, and a place that was lost is paid for anew", arguments: StoreKind.allCases)
    func deltas(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy)
            let full = try makePayload("2.0.0", from: "1.0.0")
            let delta = Payload(
                application: os, version: full.version, architecture: .amd64, source: full.source,
                sha256: try digest("delta"), sha1: "", size: 500, fileName: "x", format: 1, addedAt: start)
            try await store.commit(.addPayload(delta))
            #expect(try await store.check("m1").isOffer)
            #expect(try await store.check("m2").decision == .hold(.limitDownloads, until: end(500)))
            #expect(try await store.check("m2", "0.9.0", at: 1).isOffer)
            #expect(try await store.check("m3", at: 2).decision == .hold(.limitDownloads, until: end(13_345)))
            let failed = ReportedEvent(type: 3, result: 0, code: 9)
            #expect(try await store.check("m1", events: [failed], at: 3).hold == .limitDownloads)
            #expect(try await store.check("m1", at: 14).isOffer)
        }
    }

    @Test("another budget counts for what was booked, and the clock that is set moves it", arguments: StoreKind.allCases)
    func changes(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy)
            #expect(try await store.check("m1").isOffer)
            for (rate, milliseconds) in [(100, 123_450), (10_000, 1235)] as [(UInt64, Int64)] {
                var group = try await store.web()
                group.policy.downloadBytesPerSecond = rate
                try await store.commit(.updateGroup(group))
                let told = try await store.check("m2", at: 1).decision
                guard case .hold(.limitDownloads, let until?) = told else { throw CancellationError() }
                #expect(until <= end(milliseconds) && until > end(milliseconds - 1), "\(until)")
            }
            try await store.commit(.shiftMoments(seconds: 3600))
            #expect(try await store.check("m2", at: 3601).hold == .limitDownloads)
            #expect(try await store.check("m2", at: 3602).isOffer)
            var group = try await store.web()
            group.policy.downloadBytesPerSecond = nil
            try await store.commit(.updateGroup(group))
            #expect(try await store.check("m3", at: 3602).isOffer)
        }
    }

    @Test("what is booked is there after a restart")
    func restart() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            try await store.furnish(policy)
            #expect(try await store.check("m1").isOffer)
            try store.close()
            let again = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            #expect(try await again.downloads(of: GroupName("web"), in: os) == DownloadMeter(owedBytes: 12_345, at: start))
            #expect(try await again.check("m2", at: 5).hold == .limitDownloads)
            try again.close()
        }
    }
}
