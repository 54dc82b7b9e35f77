internal import ContentTrust
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import UpdateModel

/// A file that a command reads.
enum InputFile {
    /// Opens it. A pipe or a terminal is refused at once: opening one could wait for ever.
    static func open(_ path: String, caching: FileBlockDevice.Caching = .buffered) throws -> FileBlockDevice {
        guard FileKind(path: path) != .other else { throw CommandProblem.inputNotAFile(path: path) }
        return try FileBlockDevice(path: path, access: .readOnly, caching: caching)
    }

    /// Reads the payload at `path` whole; errors name it, and tell damage from a signature by somebody else.
    static func scan(
        _ device: FileBlockDevice, policy: SignaturePolicy, progress: (UInt64) -> Void = { _ in }
    ) throws -> PayloadScan {
        do throws(InstallationError) {
            return try PayloadScan(of: device, policy: policy, progress: progress)
        } catch {
            throw problem(error, with: device)
        }
    }

    /// What to say of a payload that was refused for `error`.
    static func problem(_ error: InstallationError, with device: FileBlockDevice) -> FileProblem {
        if case .payload(.sizeMismatch(let fileBytes, let wantedBytes)) = error {
            // The file's size was all that was promised.
            let fault = fileBytes < wantedBytes ? PayloadError.truncated(part: .blobs) : .trailingBytes
            return FileProblem(path: device.path, InstallationError.payload(fault))
        }
        guard case .payload(.metadataSignatureInvalid) = error else { return FileProblem(path: device.path, error) }
        // Nothing of the metadata could be relied on. Now that the payload is refused: is it as it was made?
        do throws(InstallationError) {
            _ = try PayloadScan(of: device, policy: .unverified)
        } catch {
            return FileProblem(path: device.path, error)
        }
        return FileProblem(path: device.path, error)
    }

    /// Whether the payload's parts can be verified one by one while they are read: so it is with format 2, unless
    /// nothing at its start says what it is.
    static func isVerifiedInParts(_ device: FileBlockDevice) throws -> Bool {
        let count = Int(min(UInt64(PayloadHeader.prefixByteCount), device.sizeBytes))
        let opening = try device.read(at: 0, count: count)
        return (try? PayloadHeader.format(of: opening[...])) == .two
    }
}

/// An error together with the file it is about.
struct FileProblem: Error, UserFacingError {
    let userMessage: UserMessage

    init(path: String, _ error: InstallationError) {
        let message = error.userMessage
        switch error {
        case .device, .refused:
            userMessage = message  // About another file, which it names.
        default:
            userMessage = UserMessage("\(path): \(message.text)", hint: message.hint, exit: message.exit)
        }
    }
}
