internal import Glibc

/// What a release is being installed onto: a disk that nobody else can take meanwhile, or a new file.
///
/// The kernel lets nobody mount, swap to, or take for themselves a disk, or any of its partitions, that is opened
/// exclusively (`O_EXCL`, see open(2)). Tools that would open it so themselves, as those that make file systems do,
/// therefore cannot work on it: they work on files, whose content is then written from here.
package final class HeldTarget: Sendable {
    /// What need not be written of a file.
    enum Omission: Hashable, Sendable {
        case nothing
        /// What its maker never wrote; what stands on the disk there does not matter.
        case holes
    }

    package let path: String
    package let sizeBytes: UInt64
    let sectorBytes: Int
    /// All of it reads as zeros, so zeros need not be written.
    let isBlank: Bool
    private let descriptor: CInt

    /// Holds a disk until ``release()``.
    /// - Throws: ``ImageError/targetInUse(path:by:)`` when somebody has it.
    package init(disk path: String, sectorBytes: Int) throws(ImageError) {
        descriptor = try DiskUse.claim(path)
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            let error = Files.failure(path, "its size cannot be told")
            close(descriptor)
            throw error
        }
        self.path = path
        self.sectorBytes = sectorBytes
        sizeBytes = UInt64(end)
        isBlank = false
    }

    /// Makes a file that is one hole. Nothing may be there yet.
    /// - Parameter mode: of which the caller's umask takes away.
    init(newFile path: String, sizeBytes: UInt64, mode: UInt16 = 0o600) throws(ImageError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw Files.failure(path, "it cannot be made") }
        guard ftruncate(descriptor, off_t(clamping: sizeBytes)) == 0 else {
            let error = Files.failure(path, "it cannot be made \(sizeBytes) bytes long")
            close(descriptor)
            unsafe unlink(path)
            throw error
        }
        self.path = path
        self.sizeBytes = sizeBytes
        sectorBytes = 512
        isBlank = true
    }

    /// Lets go of it. To be called once, after the last write.
    package func release() { close(descriptor) }

    /// Gives a file the owner and the mode of another.
    func set(_ rights: FileRights) throws(ImageError) {
        // Only root gives files away. Another's file in a folder of ours becomes ours, as with every replacement.
        _ = fchown(descriptor, rights.user, rights.group)
        guard fchmod(descriptor, mode_t(rights.mode)) == 0 else { throw Files.failure(path, "its mode cannot be set") }
    }

    /// Until it is on the medium.
    func synchronize() throws(ImageError) {
        guard fsync(descriptor) == 0 else { throw Files.failure(path, "it cannot be made durable") }
    }

    /// Writes what the file at `source` holds.
    func write(_ source: String, at offset: UInt64, omitting omission: Omission = .nothing) throws(ImageError) {
        let file = unsafe open(source, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure(source, "it cannot be opened") }
        defer { close(file) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var position: off_t = 0
        while true {
            if omission == .holes {
                guard let next = try Self.data(in: file, from: position, path: source) else { return }
                position = next
            }
            let count = try Self.read(file, into: &piece, at: position, path: source)
            guard count > 0 else { return }
            if !isBlank || piece[..<count].contains(where: { $0 != 0 }) {
                try write(piece[..<count], at: offset + UInt64(position))
            }
            position += off_t(count)
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(ImageError) {
        var rest = bytes
        while !rest.isEmpty {
            let position = off_t(offset) + off_t(bytes.count - rest.count)
            let count = unsafe rest.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, position) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Files.failure(path, "it cannot be written", code: count < 0 ? errno : EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// `SEEK_DATA` of linux/fs.h, which glibc shows to those alone who ask for its extensions.
    private static let seekData: CInt = 3

    /// Where the next data begins; `nil` when only a hole is left.
    private static func data(in file: CInt, from position: off_t, path: String) throws(ImageError) -> off_t? {
        let next = lseek(file, position, seekData)
        if next >= 0 { return next }
        guard errno == ENXIO else { throw Files.failure(path, "its holes cannot be found") }
        return nil
    }

    private static func read(
        _ file: CInt, into piece: inout [UInt8], at position: off_t, path: String
    ) throws(ImageError) -> Int {
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, position) }
            if count >= 0 { return count }
            guard errno == EINTR else { throw Files.failure(path, "it cannot be read") }
        }
    }
}
