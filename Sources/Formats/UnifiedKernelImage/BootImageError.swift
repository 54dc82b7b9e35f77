package import SlotDevice
package import UpdateModel

/// A boot image cannot be used.
package enum BootImageError: Error, Hashable {
    case device(DeviceError)
    /// `reason` completes “because …”.
    case notAnImage(reason: String)
    case sectionMissing(String)
    case duplicateSection(String)
    case sectionTooLarge(String, limitBytes: Int)
    case notText(section: String)
    /// The command line does not say which root it belongs to; `parameter` is missing or wrong.
    case commandLine(parameter: String)
    /// systemd-boot would not go by the file's name; `reason` completes “because …”.
    case notOrderedByName(reason: String)
}

extension BootImageError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .device(let error): error.userMessage
        case .notAnImage(let reason):
            UserMessage("The file is no unified kernel image: \(reason).", exit: .badData)
        case .sectionMissing(let name):
            UserMessage("The boot image has no section \(name).", exit: .badData)
        case .duplicateSection(let name):
            UserMessage("The boot image has more than one section \(name).", exit: .badData)
        case .sectionTooLarge(let name, let limit):
            UserMessage("Section \(name) of the boot image is larger than \(limit) bytes.", exit: .badData)
        case .notText(let section):
            UserMessage("Section \(section) of the boot image is no text.", exit: .badData)
        case .commandLine(let parameter):
            UserMessage("The boot image's command line has no sound “\(parameter)=”.", exit: .badData)
        case .notOrderedByName(let reason):
            UserMessage(
                "systemd-boot would not order the boot image by its file name: \(reason).",
                hint: "Keep only PRETTY_NAME in its os-release.", exit: .badData)
        }
    }
}
