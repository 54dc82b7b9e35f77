package import BinaryDelta
package import CompressionCodecs
package import PayloadFormat
package import SlotDevice
package import UpdateModel

/// A payload was not installed. What had been written by then is not to be booted.
package enum InstallationError: Error, Hashable {
    case payload(PayloadError)
    /// A target or a source did not do what was asked.
    case device(partition: String, DeviceError)
    /// A kind of operation that cannot be carried out here.
    case unsupportedOperation(OperationPlace, OperationKind)
    /// The payload does not say what the partition will hold, so the result could not be verified.
    case newInfoMissing(partition: String)
    case targetTooSmall(partition: String, neededBytes: UInt64, sizeBytes: UInt64)
    /// Operations came before somebody opened the targets for them: our mistake, and nothing was written.
    case targetsNotOpened
    /// The payload has nothing for any of the targets.
    case nothingToInstall
    /// A delta, and nothing to make it from.
    case sourceMissing(partition: String)
    /// A delta from another source; `actual` is `nil` when the source is too small even to compare.
    case wrongSource(partition: String, expected: ContentInfo, actual: SHA256Digest?)
    /// The blocks that one operation reads are not those it was made for.
    case wrongSourceBlocks(OperationPlace, expected: SHA256Digest, actual: SHA256Digest)
    /// Blocks outside the source or the target.
    case outOfRange(OperationPlace)
    case badCompression(OperationPlace, CodecError)
    case badPatch(OperationPlace, BinaryDeltaError)
    /// An operation makes more or fewer bytes than it declares.
    case wrongLength(OperationPlace)
    /// What tells how compressed blocks are packed, or what is hashed, makes no sense.
    case badRecipe(OperationPlace)
    /// The payload was made with another release of the library that packs blocks; both as its version number.
    case otherEncoder(OperationPlace, expected: UInt64, actual: UInt64)
    /// What the target now holds is not what the payload promised.
    case wrongResult(partition: String, expected: SHA256Digest, actual: SHA256Digest)
    /// Whoever gives the targets said no; the number is what Omaha servers are told.
    case refused(UserMessage, updateEngineCode: Int)
}

extension InstallationError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .payload(let error): error.userMessage
        case .refused(let message, _): message
        case .device(let partition, let error):
            UserMessage(
                "Partition “\(partition)”: \(error.userMessage.text)", hint: error.userMessage.hint,
                exit: error.userMessage.exit)
        default: UserMessage(text, hint: hint, exit: .badData)
        }
    }

    private var text: String {
        switch self {
        case .payload, .refused, .device: ""
        case .unsupportedOperation(let place, let kind):
            "The payload cannot be applied here: \(place) is of kind \(kind.rawNumber) (\(kind.name))."
        case .newInfoMissing(let partition): "The payload does not tell what partition “\(partition)” will hold."
        case .targetTooSmall(let partition, let needed, let size):
            "Partition “\(partition)” needs \(needed) bytes, but its target has \(size)."
        case .targetsNotOpened: "The payload's operations came before its targets were opened."
        case .nothingToInstall: "The payload holds nothing for the targets that were given."
        case .sourceMissing(let partition):
            "The payload is a delta: partition “\(partition)” can only be made from its old content."
        case .wrongSource(let partition, let expected, let actual?):
            "The payload is a delta from another source: the first \(expected.sizeBytes) bytes of partition "
                + "“\(partition)” must have SHA-256 \(expected.digest), but have \(actual)."
        case .wrongSource(let partition, let expected, nil):
            "The payload is a delta from another source: partition “\(partition)” must have \(expected.sizeBytes) "
                + "bytes with SHA-256 \(expected.digest), but has fewer."
        case .wrongSourceBlocks(let place, let expected, let actual):
            "The source of \(place) must have SHA-256 \(expected), but has \(actual)."
        case .outOfRange(let place): "The payload is damaged: \(place) reaches outside the partition."
        case .badCompression(let place, let error):
            "The data of \(place) cannot be unpacked: \(error.userMessage.text)"
        case .badPatch(let place, let error): "The patch of \(place) cannot be applied: \(error.userMessage.text)"
        case .wrongLength(let place): "The payload is damaged: \(place) does not make the bytes it declares."
        case .badRecipe(let place): "The payload is damaged: \(place) tells nothing that makes sense."
        case .otherEncoder(let place, let expected, let actual):
            "The payload cannot be applied here: \(place) needs release \(expected) of liblz4, but this is \(actual)."
        case .wrongResult(let partition, let expected, let actual):
            "Partition “\(partition)” does not hold what the payload promised: its SHA-256 is \(actual), "
                + "promised was \(expected)."
        }
    }

    private var hint: String? {
        switch self {
        case .sourceMissing: "Give it as the source, or use a full payload."
        case .wrongSource: "Use a delta made from this version, or a full payload."
        case .wrongResult: "The medium may be failing."
        case .otherEncoder: "Use a full payload."
        default: nil
        }
    }
}

extension InstallationError {
    /// The number that Omaha servers and dashboards know for this failure.
    ///
    /// Source: flatcar/update_engine, src/update_engine/action_processor.h.
    package var updateEngineCode: Int {
        switch self {
        case .payload(let error): error.updateEngineCode
        case .refused(_, let code): code
        case .newInfoMissing, .nothingToInstall: 12
        case .sourceMissing, .wrongSource, .wrongSourceBlocks, .otherEncoder: 20
        case .wrongResult(PayloadPartition.kernelName, _, _): 16
        case .wrongResult(PayloadPartition.pcrPolicyName, _, _): 42
        case .wrongResult: 15
        case .device, .unsupportedOperation, .targetTooSmall, .targetsNotOpened, .outOfRange, .badCompression, .badPatch,
            .wrongLength, .badRecipe:
            28
        }
    }
}
