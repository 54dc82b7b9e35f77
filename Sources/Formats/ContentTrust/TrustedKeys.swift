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
    /// Files of a directory that gave no key, and why: whoever trusts the rest should tell of them.
    public let skippedFiles: [KeyFileError]

    public init(keys: [VerificationKey]) { self.init(keys: keys, skippedFiles: []) }

    private init(keys: [VerificationKey], skippedFiles: [KeyFileError]) {
        var seen: Set<VerificationKey> = []
        self.keys = keys.filter { seen.insert($0).inserted }
        self.skippedFiles = skippedFiles
    }

    /// Reads keys from files, and from all files `*.pem` of directories, in the order of their names.
    ///
    /// A file named in `paths` must be a public key. One that a directory happens to hold, and that is none, must not
    /// keep a machine from its updates: it is left out and told in ``skippedFiles``, as long as some key remains.
    ///
    /// - Throws: ``KeyFileError``: for a path that is missing, a named file that is no public key, a directory without
    ///   any `*.pem`, no key at all, more than ``countLimit`` files.
    public init(paths: [String]) throws(KeyFileError) {
        var files: [(path: String, isNamed: Bool)] = []
        for path in paths {
            switch try KeyFile.kind(of: path) {
            case .file: files.append((path, true))
            case .directory:
                let found = try KeyFile.pemFiles(inDirectory: path)
                guard !found.isEmpty else { throw .noKeys(path: path) }
                files += found.map { ($0, false) }
            }
        }
        guard files.count <= Self.countLimit else { throw .tooManyKeys(limit: Self.countLimit) }
        var keys: [VerificationKey] = []
        var skipped: [KeyFileError] = []
        for file in files {
            do throws(KeyFileError) {
                keys.append(try VerificationKey(contentsOfFile: file.path))
            } catch {
                guard !file.isNamed else { throw error }
                skipped.append(error)
            }
        }
        if keys.isEmpty, let first = skipped.first { throw first }
        self.init(keys: keys, skippedFiles: skipped)
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
