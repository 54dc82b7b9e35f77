package import SlotDevice
package import UpdateModel

/// A record of writes, or what it was replayed onto, could not be used.
package enum EspProofError: Error, Hashable {
    case device(DeviceError)
    /// The log is none, or ends within an entry; `reason` completes “because …”.
    case badLog(reason: String)
    /// The image holds no FAT file system that can be read; `reason` completes “because …”.
    case badVolume(reason: String)
    case missingTool(name: String, package: String)
    /// A tool did not do what it does; `output` is what it said.
    case tool(name: String, status: Int32, output: String)
}

extension EspProofError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .device(let error): error.userMessage
        case .badLog(let reason): UserMessage("The log of writes cannot be read: \(reason).", exit: .badData)
        case .badVolume(let reason): UserMessage("The image is no FAT file system: \(reason).", exit: .badData)
        case .missingTool(let name, let package):
            UserMessage("\(name) is missing.", hint: "Try: apt-get install \(package)", exit: .unavailable)
        case .tool(let name, let status, let output):
            UserMessage("\(name) ended with \(status): \(output)", exit: .software)
        }
    }
}
