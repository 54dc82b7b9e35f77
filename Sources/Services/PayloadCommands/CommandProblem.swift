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
    case notADirectory(path: String)
    case exists(path: String)
    case signatureFile(path: String, byteCount: UInt64)
    /// Not as long as the room that the signed bytes declare.
    case signatureSize(path: String, byteCount: Int, reserved: Int)
    case signatureCount(given: Int, reserved: Int)
    /// Only one digest of two was signed; the names are those the person used.
    case metadataSignatureNeeded(payload: String, signature: String, output: String)
    case inputNotAFile(path: String)
    case sameFile(String, String)
    case partitionTwice(String)
    /// A partition most of which nothing is written to.
    case hollow(partition: String, sizeBytes: UInt64, writtenBytes: UInt64)
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
        case .notADirectory(let path):
            UserMessage("\(path) is no directory, and cannot be made one.", exit: .usage)
        case .exists(let path):
            UserMessage(
                "\(path) exists already.", hint: "Choose another name; keys are never overwritten.", exit: .usage)
        case .signatureFile(let path, let byteCount):
            UserMessage(
                "\(path) has \(byteCount) bytes; an RSA signature has 256 to 1024.",
                hint: "Give the raw signature, as “openssl pkeyutl -sign” writes it.", exit: .badData)
        case .signatureSize(let path, let byteCount, let reserved):
            UserMessage(
                "\(path) has \(byteCount) bytes, but “hash” reserved \(reserved): the size is part of what is signed.",
                hint:
                    "Run “hash” with --signature-size \(byteCount), sign its new digests, and give “attach” that too.",
                exit: .badData)
        case .signatureCount(let given, let reserved):
            UserMessage(
                "There are \(given) signatures, but “hash” reserved room for \(reserved).",
                hint: "Give “hash” and “attach” one --signature-size for each.", exit: .badData)
        case .metadataSignatureNeeded(let payload, let signature, let output):
            UserMessage(
                "A payload of format 2 has two digests to sign, and only one signature was given.",
                hint: "Run “openssl pkeyutl -sign -inkey KEY.pem -pkeyopt digest:sha256 -in HASH.metadata "
                    + "-out metadata.sig”, where HASH is the --output of “hash”, then “martlet payload attach \(payload) "
                    + "--signature \(signature) --metadata-signature metadata.sig --output \(output)”.",
                exit: .usage)
        case .inputNotAFile(let path):
            UserMessage("\(path) is neither a regular file nor a block device.", exit: .badData)
        case .sameFile(let first, let second):
            UserMessage(
                first == second ? "\(first) is named twice." : "\(first) and \(second) are the same file.",
                hint: "The payload, each source and each target need a file of their own.", exit: .usage)
        case .partitionTwice(let name):
            UserMessage("Partition “\(name)” has two targets or two sources.", hint: "Give one.", exit: .usage)
        case .hollow(let partition, let sizeBytes, let writtenBytes):
            UserMessage(
                "The payload declares \(sizeBytes) bytes for partition “\(partition)”, but writes only "
                    + "\(writtenBytes).",
                hint: "No file is made for that; check the payload's origin.", exit: .badData)
        case .metadataSignatureUnwanted:
            UserMessage("A payload of format 1 has no metadata signature.", hint: "Leave it out.", exit: .usage)
        }
    }
}
