internal import ContentTrust
internal import FoundationEssentials
internal import Glibc
internal import UpdateModel

/// Files of the building host, with errors that name them.
enum Files {
    /// Makes a folder, and those above it that are missing.
    /// - Parameter mode: of the folder, those above it get 0755; `nil`: what the caller's umask leaves.
    static func makeDirectory(_ path: String, mode: UInt16? = nil) throws(ImageError) {
        guard kindFollowingLinks(path) != S_IFDIR else { return }
        if let parent = parent(of: path) { try makeDirectory(parent, mode: mode.map { _ in 0o755 }) }
        guard unsafe mkdir(path, 0o777) == 0 else {
            let error = failure(path, "it cannot be made")
            if kindFollowingLinks(path) == S_IFDIR { return }  // Somebody else was faster.
            throw error
        }
        if let mode { try setMode(of: path, to: mode) }
    }

    static func setMode(of path: String, to mode: UInt16) throws(ImageError) {
        guard unsafe chmod(path, mode_t(mode)) == 0 else { throw failure(path, "its mode cannot be set") }
    }

    /// Removes a file or a whole directory; one that is not there is removed already.
    static func remove(_ path: String) throws(ImageError) {
        guard exists(path) else { return }
        try naming(path) { try FileManager.default.removeItem(atPath: path) }
    }

    /// Removes a file or a link, and never a folder; one that is not there is removed already.
    static func removeFile(_ path: String) throws(ImageError) {
        guard unsafe unlink(path) != 0, errno != ENOENT else { return }
        throw failure(path, "it cannot be removed")
    }

    static func rename(_ path: String, to target: String) throws(ImageError) {
        try naming(path) { try FileManager.default.moveItem(atPath: path, toPath: target) }
    }

    /// As ``rename(_:to:)``; a file that is there is replaced.
    static func rename(over path: String, to target: String) throws(ImageError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw failure(target, "it cannot be replaced") }
    }

    /// In the order of their bytes: the order of a directory is nobody's promise.
    static func names(in directory: String) throws(ImageError) -> [String] {
        try naming(directory) { try FileManager.default.contentsOfDirectory(atPath: directory).sorted(by: precedes) }
    }

    /// Everything below a directory, as paths relative to it, parents first.
    static func tree(_ directory: String) throws(ImageError) -> [String] {
        var found: [String] = []
        var waiting = [""]
        while let folder = waiting.popLast() {
            for name in try names(in: folder.isEmpty ? directory : "\(directory)/\(folder)") {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                found.append(path)
                if kind(of: "\(directory)/\(path)") == S_IFDIR { waiting.append(path) }
            }
        }
        return found.sorted(by: precedes)
    }

    static func read(_ path: String) throws(ImageError) -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachPiece(of: path) { bytes += $0 }
        return bytes
    }

    /// The first `count` bytes; fewer where there are no more.
    static func beginning(of path: String, count: Int) throws(ImageError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "it cannot be opened") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let found = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard found >= 0 else { throw failure(path, "it cannot be read") }
        return Array(bytes.prefix(found))
    }

    static func digest(of path: String) throws(ImageError) -> SHA256Digest {
        var stream = StreamDigest()
        try forEachPiece(of: path) { stream.update($0) }
        return stream.finalized()
    }

    static func readText(_ path: String) throws(ImageError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Replaces a file or a link; missing folders are made, with 0755.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt16 = 0o644) throws(ImageError) {
        try create(path, mode: mode) { descriptor throws(ImageError) in
            try write(bytes[...], to: descriptor, path: path)
        }
    }

    static func write(_ text: String, to path: String, mode: UInt16 = 0o644) throws(ImageError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// As ``write(_:to:mode:)``, with what the file at `source` holds.
    static func copy(_ source: String, to path: String, mode: UInt16) throws(ImageError) {
        try create(path, mode: mode) { descriptor throws(ImageError) in
            try forEachPiece(of: source) { piece throws(ImageError) in
                try write(piece, to: descriptor, path: path)
            }
        }
    }

    static func link(_ path: String, to target: String) throws(ImageError) {
        if let parent = parent(of: path) { try makeDirectory(parent, mode: 0o755) }
        try removeFile(path)
        try naming(path) { try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target) }
    }

    static func own(_ path: String, user: UInt32, group: UInt32) throws(ImageError) {
        guard unsafe lchown(path, user, group) == 0 else { throw failure(path, "its owner cannot be set") }
    }

    static func destination(ofLink path: String) throws(ImageError) -> String {
        try naming(path) { try FileManager.default.destinationOfSymbolicLink(atPath: path) }
    }

    /// The error of the call that has just failed on this thread, with the system's text: “…: Permission denied”.
    static func failure(_ path: String, _ what: String, code: CInt = errno) -> ImageError {
        .file(path: path, reason: "\(what): \(reason(code))")
    }

    /// The system's text for an error number.
    private static func reason(_ code: CInt) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Hands over what a file holds, a mebibyte at a time.
    private static func forEachPiece(
        of path: String, _ take: (ArraySlice<UInt8>) throws(ImageError) -> Void
    ) throws(ImageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "it cannot be opened") }
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, "it cannot be read") }
            guard count > 0 else { return }
            try take(piece[..<count])
        }
    }

    /// A new file in the place of another or of a link. Nobody else can read it before it has its mode.
    private static func create(
        _ path: String, mode: UInt16, _ fill: (CInt) throws(ImageError) -> Void
    ) throws(ImageError) {
        if let parent = parent(of: path) { try makeDirectory(parent, mode: 0o755) }
        try removeFile(path)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path, "it cannot be made") }
        defer { close(descriptor) }
        try fill(descriptor)
        guard fchmod(descriptor, mode_t(mode)) == 0 else { throw failure(path, "its mode cannot be set") }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt, path: String) throws(ImageError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path, "it cannot be written", code: count < 0 ? errno : EIO) }
            rest = rest.dropFirst(count)
        }
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func naming<Result>(_ path: String, _ work: () throws -> Result) throws(ImageError) -> Result {
        do {
            return try work()
        } catch {
            let number = (error as? CocoaError)?.underlying as? POSIXError
            throw .file(path: path, reason: number.map { reason($0.code.rawValue) } ?? oneLine("\(error)"))
        }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
