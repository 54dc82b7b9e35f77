public import UpdateModel

/// The keys whose signatures count. A signature by any one of them is enough, so a new key can be trusted before the
/// first payload is signed with it, and an old one until the last.
///
/// An empty set trusts nothing.
public struct TrustedKeys: Sendable, Hashable {
    /// More would make checking a payload with many signatures slow.
    public static let countLimit = 64

    /// Without repetitions, in the order given.
    public let keys: [VerificationKey]

    public init(keys: [VerificationKey]) {
        var seen: Set<VerificationKey> = []
        self.keys = keys.filter { seen.insert($0).inserted }
    }

    /// Reads keys from files, and from all files `*.pem` of directories, in the order of their names.
    ///
    /// - Throws: ``KeyFileError``: for a path that is missing, a file that is no public key, a directory without any
    ///   key, more than ``countLimit`` keys. Nothing is skipped silently.
    public init(paths: [String]) throws(KeyFileError) {
        var files: [String] = []
        for path in paths {
            switch try KeyFile.kind(of: path) {
            case .file: files.append(path)
            case .directory:
                let found = try KeyFile.pemFiles(inDirectory: path)
                guard !found.isEmpty else { throw .noKeys(path: path) }
                files += found
            }
        }
        guard files.count <= Self.countLimit else { throw .tooManyKeys(limit: Self.countLimit) }
        var keys: [VerificationKey] = []
        for file in files { keys.append(try VerificationKey(contentsOfFile: file)) }
        self.init(keys: keys)
    }

    public var isEmpty: Bool { keys.isEmpty }

    /// The first trusted key that made one of `signatures` over `digest`; `nil` when none did.
    ///
    /// Every signature is tried with every key, whatever number a format gives it.
    public func keyVerifying(anyOf signatures: [[UInt8]], digest: SHA256Digest) -> VerificationKey? {
        keys.first { key in
            signatures.contains { key.verifies(signature: $0, of: digest) }
        }
    }
}
