package import UpdateModel

/// Why an image could not be built, installed or run.
package enum ImageError: Error, Hashable {
    /// The definition says something that cannot be; `key` is its place, such as `sizes.root`.
    case definition(path: String, key: String?, reason: String)
    /// Programs or files of the building host that are not there, and the Debian packages that have them.
    case missingTools(names: [String], packages: [String])
    case notRoot
    case toolFailed(tool: String, doing: String, output: String)
    case file(path: String, reason: String)
    /// A file of the operator's has a path that only the build may write; `source` is where it comes from.
    case reserved(path: String, source: String, reason: String)
    /// A definition gives one mode or owner to all that a folder holds.
    case modeOfFolder(path: String, source: String)
    /// All that is laid over the root is for its owner alone.
    case closedFolder(source: String)
    /// Two public keys that would be the same file of the image.
    case keysOfOneName(first: String, second: String, name: String)
    /// The certificate is not that of the key.
    case unfitCertificate(path: String, key: String)
    case noSuchModule(name: String, kernel: String)
    /// Nothing would start a unit although it was enabled; `state` is systemd's word.
    case unitNotEnabled(unit: String, state: String)
    case tooLarge(what: String, sizeBytes: UInt64, roomBytes: UInt64)
    /// No room on the ESP for both slots' kernel images and a third while it is written.
    case bootPartitionTooSmall(kernelImageBytes: UInt64, neededMebibytes: Int, sizeMebibytes: Int)
    /// The stub for unified kernel images does not have the form of one.
    case stub(path: String, reason: String)
    case notAnImage(directory: String, reason: String)
    case targetInUse(path: String, by: String)
    case targetTooSmall(path: String, sizeBytes: UInt64, neededBytes: UInt64)
    case sizeNeeded(path: String)
    /// A size was given for a disk, which has one.
    case sizeOfDisk(path: String)
    case notConfirmed(path: String)
}

extension ImageError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .definition(let path, let key, let reason):
            UserMessage("\(path): \(key.map { "\($0): " } ?? "")\(reason).", exit: .configuration)
        case .missingTools(let names, let packages):
            UserMessage(
                "This host lacks \(names.joined(separator: ", ")).",
                hint: "Install: apt-get install \(packages.joined(separator: " "))", exit: .unavailable)
        case .notRoot:
            UserMessage(
                "An image's files belong to several users, so only root can build one.",
                hint: "Run it with sudo, or in a container.", exit: .notPermitted)
        case .toolFailed(let tool, let doing, let output):
            UserMessage("\(tool) failed while \(doing): \(output)", exit: .inputOutput)
        case .file(let path, let reason):
            UserMessage("\(path): \(reason).", exit: .inputOutput)
        case .reserved(let path, let source, let reason):
            UserMessage("\(source) would replace \(path): \(reason).", hint: "Leave it out.", exit: .configuration)
        case .modeOfFolder(let path, let source):
            UserMessage(
                "files: mode and owner of \(path) are those of one file, but \(source) is a folder.",
                hint: "Set modes in the folder, or name the file in an entry of its own after it.",
                exit: .configuration)
        case .closedFolder(let source):
            UserMessage(
                "Only its owner can read any file of \(source), and so it would be in the image.",
                hint: "Was it checked out under umask 077? Then: chmod -R go=rX \(source)", exit: .configuration)
        case .keysOfOneName(let first, let second, let name):
            UserMessage(
                "\(first) and \(second) would both be \(name) in the image.", hint: "Rename one.", exit: .usage)
        case .unfitCertificate(let path, let key):
            UserMessage("\(path) is not the certificate of \(key).", exit: .badData)
        case .noSuchModule(let name, let kernel):
            UserMessage(
                "The kernel \(kernel) has no module “\(name)”.", hint: "See kernel.modules in the definition.",
                exit: .configuration)
        case .unitNotEnabled(let unit, let state):
            UserMessage(
                "Nothing starts \(unit) although it is to be enabled: systemd calls it "
                    + "“\(state.isEmpty ? "not found" : state)”.",
                hint: "Give it an [Install] section, such as WantedBy=multi-user.target, or leave it out.",
                exit: .configuration)
        case .tooLarge(let what, let size, let room):
            UserMessage(
                "\(what) takes \(ByteCount.text(size)), but its place has \(ByteCount.text(room)).",
                hint: "Make it smaller, or the sizes in the definition larger.", exit: .configuration)
        case .bootPartitionTooSmall(let kernelImage, let needed, let size):
            UserMessage(
                "An update needs three kernel images of \(ByteCount.text(kernelImage)) on the ESP: both slots' and one "
                    + "while it is written. It has \(size) MiB.",
                hint: "Make sizes.esp in the definition \(needed) or more, or the kernel image smaller.",
                exit: .configuration)
        case .stub(let path, let reason):
            UserMessage("\(path) is no stub for a unified kernel image: \(reason).", exit: .badData)
        case .notAnImage(let directory, let reason):
            UserMessage(
                "\(directory) holds no built image: \(reason).", hint: "“martlet image build” makes one.",
                exit: .badData)
        case .targetInUse(let path, let user):
            UserMessage("\(path) is in use: \(user).", hint: "Nothing was written.", exit: .notPermitted)
        case .targetTooSmall(let path, let size, let needed):
            UserMessage(
                "\(path) has \(ByteCount.text(size)); the system needs \(ByteCount.text(needed)).",
                hint: "Nothing was written.", exit: .badData)
        case .sizeNeeded(let path):
            UserMessage(
                "\(path) does not exist.", hint: "Give --size to have it made, such as --size 8G.", exit: .usage)
        case .sizeOfDisk(let path):
            UserMessage("\(path) is a disk, and has the size it has.", hint: "Leave --size out.", exit: .usage)
        case .notConfirmed(let path):
            UserMessage(
                "\(path) was not erased.", hint: "Answer “yes”, or give --yes.", exit: .usage)
        }
    }
}
