package import UpdateModel

/// The machine cannot say who it is.
package enum IdentityError: Error, Hashable {
    case noMachineID(String)
    case noVersion
    /// Neither an address nor a word that switches updates off; the text names file and key.
    case unusableServer(String)
}

extension IdentityError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .noMachineID(let path):
            UserMessage("\(path) holds no machine id.", hint: "See systemd-machine-id-setup.", exit: .configuration)
        case .noVersion:
            UserMessage(
                "No release file names the running version.",
                hint: "Looked in usr/share/flatcar/release, usr/share/coreos/release and os-release.",
                exit: .configuration)
        case .unusableServer(let source):
            UserMessage(
                "\(source) is no web address.", hint: "Write http://… or https://…, or “disabled”.",
                exit: .configuration)
        }
    }
}
