internal import ContentTrust
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import UpdateModel

/// A file that a command reads.
enum InputFile {
    /// Opens it. A pipe or a terminal is refused at once: opening one could wait for ever.
    static func open(_ path: String) throws -> FileBlockDevice {
        guard FileKind(path: path) != .other else { throw CommandProblem.inputNotAFile(path: path) }
        return try FileBlockDevice(path: path, access: .readOnly)
    }

    /// Reads the payload at `path` whole; errors name it, and tell damage from a signature by somebody else.
    static func scan(
        _ device: FileBlockDevice, policy: SignaturePolicy, progress: (UInt64) -> Void = { _ in }
    ) throws -> PayloadScan {
        do {
            return try PayloadScan(of: device, policy: policy, progress: progress)
        } catch .payload(.metadataSignatureInvalid) {
            // Nothing of the metadata could be relied on. Now that the payload is refused: is it as it was made?
            do {
                _ = try PayloadScan(of: device, policy: .unverified)
            } catch {
                throw FileProblem(path: device.path, error)
            }
            throw FileProblem(path: device.path, InstallationError.payload(.metadataSignatureInvalid))
        } catch {
            throw FileProblem(path: device.path, error)
        }
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
