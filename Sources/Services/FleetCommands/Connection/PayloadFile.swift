import ContentTrust
import Glibc
import NIOCore
import PayloadFormat
import UpdateModel

/// A payload on this machine's disk, on its way to a server.
struct PayloadFile: Sendable {
    static let chunkByteCount = 256 << 10

    let path: String
    /// Bytes.
    let size: UInt64

    /// - Throws: ``ClientError/unreadableFile(path:reason:)``, or ``ClientError/notAPayload(path:)`` unless the file
    ///   begins as a payload does: that is cheaper to learn before the upload.
    init(path: String) throws(ClientError) {
        self.path = path
        let reader = try FileReader(path: path)
        size = try reader.size()
        let prefix = try reader.read(count: PayloadHeader.prefixByteCount)
        guard prefix.starts(with: PayloadHeader.magic) else { throw .notAPayload(path: path) }
    }

    /// The last part of the path, with what a URL would not take replaced.
    var plainName: String {
        let name = path.split(separator: "/").last ?? "update.crau"
        let plain = name.map { character in
            character.isASCII && (character.isLetter || character.isNumber || "._+-".contains(character))
                ? character : "-"
        }
        return String(plain.drop { $0 == "." }.prefix(128))
    }

    /// The SHA-256 of the whole file.
    func digest() throws(ClientError) -> SHA256Digest {
        let reader = try FileReader(path: path)
        var digest = StreamDigest()
        while true {
            let bytes = try reader.read(count: Self.chunkByteCount)
            if bytes.isEmpty { return digest.finalized() }
            digest.update(bytes)
        }
    }

    /// The file from `offset` on, piece by piece. `advanced` is told how many bytes have gone, those before among them.
    func chunks(from offset: UInt64 = 0, advanced: @escaping @Sendable (UInt64) -> Void) -> Chunks {
        Chunks(file: self, offset: offset, advanced: advanced)
    }

    struct Chunks: AsyncSequence, Sendable {
        let file: PayloadFile
        let offset: UInt64
        let advanced: @Sendable (UInt64) -> Void

        func makeAsyncIterator() -> Iterator { Iterator(file: file, offset: offset, advanced: advanced) }
    }

    struct Iterator: AsyncIteratorProtocol {
        let file: PayloadFile
        let advanced: @Sendable (UInt64) -> Void
        private var reader: FileReader?
        private var sent: UInt64

        init(file: PayloadFile, offset: UInt64, advanced: @escaping @Sendable (UInt64) -> Void) {
            self.file = file
            sent = offset
            self.advanced = advanced
        }

        mutating func next() async throws -> ByteBuffer? {
            let reader = try self.reader ?? FileReader(path: file.path, from: sent)
            self.reader = reader
            let bytes = try reader.read(count: PayloadFile.chunkByteCount)
            sent += UInt64(bytes.count)
            advanced(sent)
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }
}

/// Reads one file onwards. Used by one task at a time.
final class FileReader {
    private let path: String
    private let descriptor: Int32

    init(path: String, from offset: UInt64 = 0) throws(ClientError) {
        self.path = path
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
        guard offset == 0 || lseek(descriptor, off_t(clamping: offset), SEEK_SET) >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    func size() throws(ClientError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadableFile(path: path, reason: "it is no file") }
        return UInt64(clamping: status.st_size)
    }

    /// Up to `count` bytes; none at the end.
    func read(count: Int) throws(ClientError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let got = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Self.failure(path) }
            return Array(bytes.prefix(got))
        }
    }

    private static func failure(_ path: String) -> ClientError {
        .unreadableFile(path: path, reason: unsafe String(cString: strerror(errno)))
    }
}
