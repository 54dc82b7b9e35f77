internal import UpdateModel

/// What goes wrong in a command before or beside the payload itself.
enum CommandProblem: Error, Hashable {
    case noTrust
    case noSuchPartition(String, available: [String])
    /// `--target` without a name, and several partitions it could mean.
    case ambiguousTarget(available: [String])
    case sourceIsTarget(path: String)
    /// A delta; `option` is what would give its source.
    case sourceNeeded(partition: String, option: String)
    case outputIsInput(path: String)
    case notAFile(path: String)
    case exists(path: String)
    case signatureFile(path: String, byteCount: UInt64)
    case metadataSignatureNeeded
    case metadataSignatureUnwanted
}

extension CommandProblem: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .noTrust:
            UserMessage(
                "No key is trusted, so the payload is refused.",
                hint: "Give a public key with --key; only “apply” can do without, with --allow-unsigned.",
                exit: .badData)
        case .noSuchPartition(let name, let available):
            UserMessage(
                "The payload has no partition “\(name)”; it has \(available.joined(separator: ", ")).", exit: .badData)
        case .ambiguousTarget(let available):
            UserMessage(
                "The payload has several partitions: \(available.joined(separator: ", ")).",
                hint: "Use --partition-target NAME=FILE.", exit: .usage)
        case .sourceIsTarget(let path):
            UserMessage("\(path) is the source and the target; a source is never modified.", exit: .usage)
        case .sourceNeeded(let partition, let option):
            UserMessage(
                "The payload is a delta: partition “\(partition)” can only be made from its old content.",
                hint: "Give that with \(option), or use a full payload.", exit: .badData)
        case .outputIsInput(let path):
            UserMessage("\(path) is an image and the output.", hint: "Choose another output.", exit: .usage)
        case .notAFile(let path):
            UserMessage("\(path) is neither a regular file nor a block device.", exit: .usage)
        case .exists(let path):
            UserMessage(
                "\(path) exists already.", hint: "Choose another name; keys are never overwritten.", exit: .usage)
        case .signatureFile(let path, let byteCount):
            UserMessage(
                "\(path) has \(byteCount) bytes; an RSA signature has 256 to 1024.",
                hint: "Give the raw signature, as “openssl pkeyutl -sign” writes it.", exit: .badData)
        case .metadataSignatureNeeded:
            UserMessage(
                "A payload of format 2 has two signatures.",
                hint: "Sign the file of “hash --metadata-output” too, and give it with --metadata-signature.",
                exit: .usage)
        case .metadataSignatureUnwanted:
            UserMessage("A payload of format 1 has no metadata signature.", hint: "Leave it out.", exit: .usage)
        }
    }
}
