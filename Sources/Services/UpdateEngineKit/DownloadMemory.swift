import FoundationEssentials
import UpdateLogic
import UpdateModel

/// What one download teaches the next, kept over restarts: which mirrors failed, and which file each of them had.
///
/// Losing it costs time at most, so trouble with its file is no trouble.
struct DownloadMemory: Sendable {
    private struct Stored: Codable, Equatable {
        var failures = MirrorFailures()
        var payloadDigest: SHA256Digest?
        /// By address, without user, password and query.
        var versions: [String: EntityVersion] = [:]
    }

    private static let fileName = "download.json"
    private static let sizeMax = 64 << 10
    private static let versionsMax = 32
    private let files: StateFiles
    private var stored: Stored

    init(_ files: StateFiles, payloadDigest: SHA256Digest) {
        self.files = files
        let bytes = try? files.read(Self.fileName, limit: Self.sizeMax)  // Unreadable is as good as absent.
        var stored = bytes.flatMap { try? JSONDecoder().decode(Stored.self, from: Data($0)) } ?? Stored()
        if stored.payloadDigest != payloadDigest { stored.versions = [:] }
        stored.payloadDigest = payloadDigest
        self.stored = stored
    }

    var failures: MirrorFailures { stored.failures }

    func version(at address: WebAddress) -> EntityVersion? { stored.versions[address.description] }

    mutating func remember(_ failures: MirrorFailures) { change { $0.failures = failures } }

    mutating func remember(_ version: EntityVersion?, at address: WebAddress) {
        change { stored in
            let key = address.description
            guard stored.versions.count < Self.versionsMax || stored.versions[key] != nil else { return }
            stored.versions[key] = version
        }
    }

    private mutating func change(_ body: (inout Stored) -> Void) {
        let before = stored
        body(&stored)
        guard stored != before, let data = try? JSONEncoder().encode(stored) else { return }
        try? files.replace(Self.fileName, with: Array(data))  // See above.
    }
}
