internal import ContentTrust
internal import FoundationEssentials
internal import Glibc
internal import UpdateModel

/// Files of the building host, with errors that name them.
enum Files {
    static func makeDirectory(_ path: String) throws(ImageError) {
        try naming(path) { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    }

    /// Removes a file or a whole directory; one that is not there is removed already.
    static func remove(_ path: String) throws(ImageError) {
        guard exists(path) else { return }
        try naming(path) { try FileManager.default.removeItem(atPath: path) }
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

    /// Replaces a file or a link; missing folders are made.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt16 = 0o644) throws(ImageError) {
        try makeParent(of: path)
        try remove(path)
        try naming(path) { try Data(bytes).write(to: URL(filePath: path)) }
        guard unsafe chmod(path, mode_t(mode)) == 0 else { throw failure(path, "its mode cannot be set") }
    }

    static func write(_ text: String, to path: String, mode: UInt16 = 0o644) throws(ImageError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func copy(_ source: String, to path: String, mode: UInt16) throws(ImageError) {
        try write(try read(source), to: path, mode: mode)
    }

    static func link(_ path: String, to target: String) throws(ImageError) {
        try makeParent(of: path)
        try remove(path)
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
    private static func forEachPiece(of path: String, _ take: (ArraySlice<UInt8>) -> Void) throws(ImageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "it cannot be opened") }
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, "it cannot be read") }
            guard count > 0 else { return }
            take(piece[..<count])
        }
    }

    private static func makeParent(of path: String) throws(ImageError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        try makeDirectory(String(path[..<slash]))
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
