import Glibc
import NIOCore
import PayloadStore
import RemoteFilesHTTP
import Synchronization
import Testing
import UpdateModel

@Suite("Names that nobody answers for", .serialized)
struct HostLookUpTests {
    /// Looks names up, those with `dead` in them for as long as it is told to. Nobody has an address.
    private final class Names: Sendable {
        private let isBlocked = Mutex(true)
        private let underWay = Mutex<[String]>([])
        private let seen = Mutex<[String: Int]>([:])

        /// As many as are looked up now.
        var count: Int { underWay.withLock { $0.count } }

        /// How often the name was looked up at the same time.
        func most(_ host: String) -> Int { seen.withLock { $0[host] ?? 0 } }

        func lookUp(_ host: String) -> [NetworkAddress] {
            let now = underWay.withLock { underWay in
                underWay.append(host)
                return underWay.count { $0 == host }
            }
            seen.withLock { $0[host] = max($0[host] ?? 0, now) }
            while host.contains("dead"), isBlocked.withLock({ $0 }) { usleep(2000) }
            underWay.withLock { underWay in _ = underWay.firstIndex(of: host).map { underWay.remove(at: $0) } }
            return []
        }

        func release() { isBlocked.withLock { $0 = false } }
    }

    private func files(_ names: Names, patience: TimeAmount) -> HTTPRemoteFiles {
        var limits = FetchLimits()
        limits.lookUp = patience
        return HTTPRemoteFiles(allowing: [], limits: limits, lookUp: names.lookUp)
    }

    private func probe(_ host: String, _ files: HTTPRemoteFiles) async -> String {
        do {
            _ = try await files.probe(PayloadURL("http://\(host)/update.crau"), expecting: 5)
            return "it answered"
        } catch {
            return (error as? any UserFacingError)?.userMessage.text ?? "\(error)"
        }
    }

    @Test("many who wait for one name hold up no other", .timeLimit(.minutes(1)))
    func oneName() async throws {
        let names = Names()
        defer { names.release() }
        let files = files(names, patience: .seconds(30))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let words = await probe("dead.test", files)
                    #expect(words.contains("no address"), "\(words)")
                }
            }
            while names.count == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let words = await probe("live.test", files)
            #expect(words.contains("no address"), "\(words)")
            names.release()
            try await group.waitForAll()
        }
        #expect(names.most("dead.test") == 1)
    }

    @Test("who waits too long for a name is told so, and who comes after waits for the same", .timeLimit(.minutes(1)))
    func late() async {
        let names = Names()
        defer { names.release() }
        let files = files(names, patience: .milliseconds(50))
        // On a machine with much to do it may not even have begun.
        while !Task.isCancelled, await !probe("dead.test", files).contains("not found in time") {}
        #expect(await probe("dead.test", files).contains("not found in time"))
        #expect(names.most("dead.test") == 1)
    }

    @Test("where all look-ups wait for others, who comes next is not asked, and that is no verdict", .timeLimit(.minutes(1)))
    func notAsked() async throws {
        let names = Names()
        defer { names.release() }
        let (patient, hasty) = (files(names, patience: .seconds(30)), files(names, patience: .milliseconds(50)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 { group.addTask { _ = await probe("dead\(number).test", patient) } }
            while names.count < 8 { try await Task.sleep(for: .milliseconds(5)) }
            let url = try PayloadURL("http://live.test/update.crau")
            await #expect(throws: RemoteFileError.notAsked(url)) { try await hasty.probe(url, expecting: 5) }
            names.release()
            try await group.waitForAll()
        }
        let words = await probe("live.test", patient)
        #expect(words.contains("no address"), "\(words)")
    }
}
