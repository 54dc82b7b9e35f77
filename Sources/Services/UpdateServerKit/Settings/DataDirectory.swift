import Glibc
package import UpdateModel

/// The directory that holds everything the server knows, and the small files it keeps there for people and scripts.
///
/// ```text
/// DIR/admin-token      the first token, mode 0600, made once
/// DIR/listen-address   HOST:PORT that the running server listens on
/// DIR/fleet.sqlite     the fleet
/// DIR/payloads/        the payload store
/// ```
package struct DataDirectory: Sendable {
    package let path: String

    package var adminTokenFile: String { path + "/admin-token" }
    package var listenAddressFile: String { path + "/listen-address" }
    package var databaseFile: String { path + "/fleet.sqlite" }
    package var payloadDirectory: String { path + "/payloads" }

    /// Makes the directory, for its owner alone, unless it is there.
    ///
    /// - Throws: ``DataDirectoryError``.
    package init(creating path: String) throws(DataDirectoryError) {
        self.path = path
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw DataDirectoryError(path: path, intention: "made", code: errno)
    }

    /// Writes a small file so that a reader sees the old text or the new, never a part, and returns when it is durable.
    ///
    /// - Parameter mode: the permission bits, such as `0o600` for a secret. They hold from the first byte on.
    /// - Throws: ``DataDirectoryError``.
    package func write(_ text: String, to file: String, mode: UInt32) throws(DataDirectoryError) {
        let aside = "\(file).new"
        unsafe unlink(aside)
        let descriptor = unsafe open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw DataDirectoryError(path: aside, intention: "made", code: errno) }
        fchmod(descriptor, mode)  // Whatever the mask of this process is.
        let bytes = Array(text.utf8)
        let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isWhole = written == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWhole, unsafe rename(aside, file) == 0 else {
            throw DataDirectoryError(path: file, intention: "written", code: isWhole ? errno : code)
        }
        syncDirectory()
    }

    /// A new name in a directory outlives a power cut only when the directory has been synced, too.
    private func syncDirectory() {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A file of the data directory could not be handled.
package struct DataDirectoryError: Error, Hashable {
    package let path: String
    package let intention: String
    package let code: Int32
}

extension DataDirectoryError: UserFacingError {
    package var userMessage: UserMessage {
        let reason = unsafe String(cString: strerror(code))
        return UserMessage("\(path) could not be \(intention): \(reason).", exit: .inputOutput)
    }
}

extension DataDirectory {
    /// Takes the directory for this process. The lock goes with the process, however it ends.
    ///
    /// - Throws: ``StartError/directoryInUse(_:)``, ``DataDirectoryError``.
    package func lock() throws {
        let file = path + "/server.lock"
        let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DataDirectoryError(path: file, intention: "made", code: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
        let code = errno
        close(descriptor)
        if code == EWOULDBLOCK { throw StartError.directoryInUse(path) }
        throw DataDirectoryError(path: file, intention: "locked", code: code)
    }

    /// Keeps everything that this process makes from now on from other users. What is meant for others says so itself.
    package static func makeNewFilesPrivate() { umask(0o077) }

    /// Takes the database from other users, to whom an earlier version may have shown it.
    package func makeDatabasePrivate() {
        for suffix in ["", "-wal", "-shm"] {
            unsafe chmod(databaseFile + suffix, 0o600)  // A file that is not there needs none.
        }
    }

    /// Removes what an earlier run said about where it listens.
    package func forgetListenAddress() {
        unsafe unlink(listenAddressFile)
    }
}
