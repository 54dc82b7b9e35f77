internal import OmahaProtocol

/// What an error code says about the release.
package enum FailureClass: Hashable, Sendable {
    /// The question to the server failed, or the machine put the update off: nothing about the release.
    case check
    /// The way to the machine failed, or something of the one machine such as its disk: it counts towards the stop, and
    /// the release may be tried again here.
    case transfer
    /// The release failed on this machine, and is not tried here again by itself.
    case release

    /// - Parameter code: as sent, with its flags; `nil` when none was sent.
    package init(code: Int64?) {
        let code = FailureText.code(code)
        switch code?.base {
        case .omahaRequest?, .omahaResponseHandler?, .omahaRequestEmptyResponse?, .omahaRequestXMLParse?,
            .omahaResponseInvalid?, .ignoredPerPolicy?, .deferredPerPolicy?, .omahaErrorInHTTPResponse?,
            .deferredForBackoff?:
            self = .check
        case let passing? where Self.passing.contains(passing):
            self = .transfer
        case let other?:
            self = other.httpStatus == nil ? .release : .check
        case nil:
            self = .release
        }
    }

    /// Damage on the way (a proxy's page, a torn download, a flipped bit) and faults of one machine (a partition that does
    /// not open, a write that fails). A release that is really at fault shows it on several machines, and is stopped.
    private static let passing: Set<OmahaErrorCode> = [
        .filesystemCopier, .setBootableFlag, .installDeviceOpen, .kernelDeviceOpen, .downloadTransfer,
        .payloadHashMismatch, .payloadSizeMismatch, .downloadWrite, .downloadStateInitialization,
        .downloadInvalidMetadataMagic, .signatureMissingInManifest, .operationHashVerification, .operationHashMismatch,
        .invalidMetadataSize, .invalidMetadataSignature, .operationHashMissing, .newPCRPolicyHTTP, .downloadIncomplete,
    ]
}

/// Error codes in words.
enum FailureText {
    /// The wire prints a signed 32-bit number; some senders print it unsigned.
    static func code(_ number: Int64?) -> OmahaErrorCode? {
        number.map { OmahaErrorCode(rawValue: Int32(truncatingIfNeeded: $0)) }
    }

    /// The machine's own words where it sent any, else what its code means.
    static func reason(code number: Int64?, words: String?) -> String {
        if let words, !words.isEmpty { return words }
        guard let code = code(number) else { return "The machine reported an error without a code." }
        return "\(code.description): \(code.meaning)"
    }
}
