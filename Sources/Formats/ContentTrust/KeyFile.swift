internal import FoundationEssentials
internal import Glibc

/// Bounded reading of small files that hold keys.
enum KeyFile {
    static let sizeLimitBytes = 64 << 10

    enum Kind { case file, directory }

    static func kind(of path: String) throws(KeyFileError) -> Kind {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw failure(path, errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: throw .notAFile(path: path)
        }
    }

    /// The paths of all `*.pem` of a directory, sorted.
    static func pemFiles(inDirectory path: String) throws(KeyFileError) -> [String] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .unreadable(path: path, reason: "the directory cannot be listed")
        }
        let directory = path.hasSuffix("/") ? path : path + "/"
        return names.filter { $0.hasSuffix(".pem") && !$0.hasPrefix(".") }.sorted().map { directory + $0 }
    }

    /// The whole file as text. Bytes that are not UTF-8 are replaced, and then are no PEM.
    static func text(atPath path: String) throws(KeyFileError) -> String {
        guard try kind(of: path) == .file else { throw .notAFile(path: path) }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }

        var bytes = [UInt8](repeating: 0, count: sizeLimitBytes + 1)
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, errno) }
            if count == 0 { return String(decoding: bytes[..<filled], as: UTF8.self) }
            filled += count
        }
        throw .tooLarge(path: path, limitBytes: sizeLimitBytes)
    }

    private static func failure(_ path: String, _ code: Int32) -> KeyFileError {
        if code == ENOENT || code == ENOTDIR { return .missing(path: path) }
        guard let text = unsafe strerror(code) else { return .unreadable(path: path, reason: "error \(code)") }
        return .unreadable(path: path, reason: unsafe String(cString: text))
    }
}
