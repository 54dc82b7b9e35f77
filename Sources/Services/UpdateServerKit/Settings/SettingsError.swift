package import UpdateModel

/// Why the server does not start with the settings that it was given.
package enum SettingsError: Error, Equatable {
    /// A value is not what its key takes.
    case invalid(key: String, value: String, wanted: String)
    /// A key that must be given somewhere is not.
    case missing(key: String, flag: String)
    /// The settings file has keys that mean nothing.
    case unknownKeys([String], file: String)
    /// The settings file is no TOML, or a value in it has the wrong type.
    case malformed(file: String, reason: String)
    /// The settings file cannot be read.
    case unreadable(file: String, reason: String)
    /// The API would be open to everyone who can reach the address.
    case openToTheNetwork(listen: String)
}

extension SettingsError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .invalid(let key, let value, let wanted):
            UserMessage("The setting \(key) cannot be “\(value)”.", hint: "Use \(wanted).", exit: .configuration)
        case .missing(let key, let flag):
            UserMessage("The setting \(key) is missing.", hint: "Give \(flag).", exit: .configuration)
        case .unknownKeys(let keys, let file):
            UserMessage(
                "The settings file \(file) has unknown keys: \(keys.joined(separator: ", ")).",
                hint: "Known are data, listen, auth, public-url, admit and fetch-from.", exit: .configuration)
        case .malformed(let file, let reason):
            UserMessage("The settings file \(file) cannot be understood: \(reason).", exit: .configuration)
        case .unreadable(let file, let reason):
            UserMessage("The settings file \(file) cannot be read: \(reason).", exit: .configuration)
        case .openToTheNetwork(let listen):
            UserMessage(
                "--auth none would let everyone who reaches \(listen) change the fleet, so it is refused there.",
                hint: "Listen on 127.0.0.1 or [::1], or use --auth token.", exit: .configuration)
        }
    }
}
