extension OmahaErrorCode {
    public static let success = OmahaErrorCode(rawValue: 0)
    public static let error = OmahaErrorCode(rawValue: 1)
    public static let omahaRequest = OmahaErrorCode(rawValue: 2)
    public static let omahaResponseHandler = OmahaErrorCode(rawValue: 3)
    public static let filesystemCopier = OmahaErrorCode(rawValue: 4)
    public static let postinstallRunner = OmahaErrorCode(rawValue: 5)
    public static let setBootableFlag = OmahaErrorCode(rawValue: 6)
    public static let installDeviceOpen = OmahaErrorCode(rawValue: 7)
    public static let kernelDeviceOpen = OmahaErrorCode(rawValue: 8)
    public static let downloadTransfer = OmahaErrorCode(rawValue: 9)
    public static let payloadHashMismatch = OmahaErrorCode(rawValue: 10)
    public static let payloadSizeMismatch = OmahaErrorCode(rawValue: 11)
    public static let downloadPayloadVerification = OmahaErrorCode(rawValue: 12)
    public static let downloadNewPartitionInfo = OmahaErrorCode(rawValue: 13)
    public static let downloadWrite = OmahaErrorCode(rawValue: 14)
    public static let newRootfsVerification = OmahaErrorCode(rawValue: 15)
    public static let newKernelVerification = OmahaErrorCode(rawValue: 16)
    public static let signedDeltaPayloadExpected = OmahaErrorCode(rawValue: 17)
    public static let downloadPayloadPublicKeyVerification = OmahaErrorCode(rawValue: 18)
    public static let postinstallBootedFromFirmwareB = OmahaErrorCode(rawValue: 19)
    public static let downloadStateInitialization = OmahaErrorCode(rawValue: 20)
    public static let downloadInvalidMetadataMagic = OmahaErrorCode(rawValue: 21)
    public static let signatureMissingInManifest = OmahaErrorCode(rawValue: 22)
    public static let manifestParse = OmahaErrorCode(rawValue: 23)
    public static let metadataSignature = OmahaErrorCode(rawValue: 24)
    public static let metadataSignatureVerification = OmahaErrorCode(rawValue: 25)
    public static let metadataSignatureMismatch = OmahaErrorCode(rawValue: 26)
    public static let operationHashVerification = OmahaErrorCode(rawValue: 27)
    public static let operationExecution = OmahaErrorCode(rawValue: 28)
    public static let operationHashMismatch = OmahaErrorCode(rawValue: 29)
    public static let omahaRequestEmptyResponse = OmahaErrorCode(rawValue: 30)
    public static let omahaRequestXMLParse = OmahaErrorCode(rawValue: 31)
    public static let invalidMetadataSize = OmahaErrorCode(rawValue: 32)
    public static let invalidMetadataSignature = OmahaErrorCode(rawValue: 33)
    public static let omahaResponseInvalid = OmahaErrorCode(rawValue: 34)
    public static let ignoredPerPolicy = OmahaErrorCode(rawValue: 35)
    public static let deferredPerPolicy = OmahaErrorCode(rawValue: 36)
    public static let omahaErrorInHTTPResponse = OmahaErrorCode(rawValue: 37)
    public static let operationHashMissing = OmahaErrorCode(rawValue: 38)
    public static let metadataSignatureMissing = OmahaErrorCode(rawValue: 39)
    public static let deferredForBackoff = OmahaErrorCode(rawValue: 40)
    public static let postinstallPowerwash = OmahaErrorCode(rawValue: 41)
    public static let newPCRPolicyVerification = OmahaErrorCode(rawValue: 42)
    public static let newPCRPolicyHTTP = OmahaErrorCode(rawValue: 43)
    /// The machine came back on its old release. ChromeOS and Android use 42 to 44 for other things.
    public static let rollback = OmahaErrorCode(rawValue: 44)
    public static let downloadIncomplete = OmahaErrorCode(rawValue: 100)
}

extension OmahaErrorCode: CustomStringConvertible {
    /// Every code that has a name, in the order of their numbers; those of HTTP are not among them.
    public static let named: [OmahaErrorCode] = catalogue.map { OmahaErrorCode(rawValue: $0.code) }

    /// The name that `update_engine` gives the base code; `HTTP 503`, or the number, for one without.
    public var name: String {
        if let entry = entry { return entry.name }
        guard let status = httpStatus else { return "Code \(base.rawValue)" }
        return status == 0 ? "No HTTP answer" : "HTTP \(status)"
    }

    /// One sentence that tells an operator what the base code means.
    public var meaning: String {
        if let entry = entry { return entry.meaning }
        switch httpStatus {
        case 0: return "The update service could not be reached, or did not answer."
        case 999: return "The update service answered with a status that is no HTTP status."
        case let status?: return "The update service answered the check with HTTP status \(status)."
        case nil: return "The code is not known here."
        }
    }

    /// Number and name: `18 DownloadPayloadPubKeyVerificationError`.
    public var description: String { "\(base.rawValue) \(name)" }

    private var entry: Entry? {
        let number = base.rawValue
        if number >= 0, number < Self.catalogue.count - 1 { return Self.catalogue[Int(number)] }
        return Self.catalogue.last.flatMap { $0.code == number ? $0 : nil }
    }
}

extension OmahaErrorCode {
    private struct Entry {
        let code: Int32
        let name: String
        let meaning: String

        init(_ code: Int32, _ name: String, _ meaning: String) {
            self.code = code
            self.name = name
            self.meaning = meaning
        }
    }

    /// Codes 0 to 44 without a gap, so that a code is its own index, and 100 at the end.
    private static let catalogue: [Entry] = [
        Entry(0, "Success", "Nothing failed."),
        Entry(1, "Error", "Something failed that has no code of its own; the machine's log says more."),
        Entry(2, "OmahaRequestError", "The update check failed for a reason that has no code of its own."),
        Entry(3, "OmahaResponseHandlerError", "The machine could not plan the update that it was offered."),
        Entry(4, "FilesystemCopierError", "Copying or re-reading a partition failed on the machine."),
        Entry(5, "PostinstallRunnerError", "The new system could not be mounted, or its post-install step failed."),
        Entry(6, "SetBootableFlagError", "The new system could not be marked as bootable."),
        Entry(7, "InstallDeviceOpenError", "The target partition or kernel file could not be opened."),
        Entry(8, "KernelDeviceOpenError", "The kernel's device could not be opened."),
        Entry(9, "DownloadTransferError", "The payload's download failed; look at the payload's address and network."),
        Entry(10, "PayloadHashMismatchError", "The downloaded payload is not the one that was announced."),
        Entry(11, "PayloadSizeMismatchError", "The downloaded payload has another size than announced."),
        Entry(12, "DownloadPayloadVerificationError", "The payload could not be verified; its manifest is incomplete."),
        Entry(13, "DownloadNewPartitionInfoError", "The payload's manifest does not describe the new partition."),
        Entry(14, "DownloadWriteError", "The downloaded payload could not be written to the disk."),
        Entry(15, "NewRootfsVerificationError", "The new system on the disk is not what the payload promised."),
        Entry(16, "NewKernelVerificationError", "The new kernel on the disk is not what the payload promised."),
        Entry(17, "SignedDeltaPayloadExpectedError", "The payload carries no signature, but the machine asks for one."),
        Entry(
            18, "DownloadPayloadPubKeyVerificationError", "The payload is not signed by a key the machine trusts."),
        Entry(19, "PostinstallBootedFromFirmwareB", "The machine runs its spare firmware; the update went on."),
        Entry(
            20, "DownloadStateInitializationError", "The download could not be resumed, or the old system changed."),
        Entry(21, "DownloadInvalidMetadataMagicString", "What was downloaded is no payload; perhaps a proxy's page."),
        Entry(22, "DownloadSignatureMissingInManifest", "The payload's manifest does not say where its signature is."),
        Entry(23, "DownloadManifestParseError", "The payload's manifest is damaged."),
        Entry(24, "DownloadMetadataSignatureError", "The signature of the payload's metadata could not be checked."),
        Entry(25, "DownloadMetadataSignatureVerificationError", "Checking the signature of the metadata failed."),
        Entry(26, "DownloadMetadataSignatureMismatch", "The payload's metadata is not signed by a trusted key."),
        Entry(
            27, "DownloadOperationHashVerificationError", "The digest of a part of the payload could not be checked."),
        Entry(28, "DownloadOperationExecutionError", "A part of the payload could not be applied to the disk."),
        Entry(29, "DownloadOperationHashMismatch", "A part of the payload arrived damaged."),
        Entry(30, "OmahaRequestEmptyResponseError", "The update service answered the check with nothing."),
        Entry(31, "OmahaRequestXMLParseError", "The update service's answer is not readable XML."),
        Entry(32, "DownloadInvalidMetadataSize", "The payload's metadata has another size than announced."),
        Entry(33, "DownloadInvalidMetadataSignature", "The announced signature of the metadata is malformed."),
        Entry(34, "OmahaResponseInvalid", "The update service's answer is incomplete, or it refused the machine."),
        Entry(35, "OmahaUpdateIgnoredPerPolicy", "The machine's policy ignores the update."),
        Entry(36, "OmahaUpdateDeferredPerPolicy", "The machine's policy puts the update off."),
        Entry(37, "OmahaErrorInHTTPResponse", "The update service answered the check with an HTTP error."),
        Entry(38, "DownloadOperationHashMissingError", "A part of the payload has no digest."),
        Entry(39, "DownloadMetadataSignatureMissingError", "The payload's metadata has no signature."),
        Entry(
            40, "OmahaUpdateDeferredForBackoff", "The machine waits by itself after failures, then tries again."),
        Entry(41, "PostinstallPowerwashError", "The machine's data could not be marked for erasing."),
        Entry(42, "NewPCRPolicyVerificationError", "The TPM policy that came with the release could not be verified."),
        Entry(43, "NewPCRPolicyHTTPError", "The TPM policy could not be sent to its server."),
        Entry(44, "RollbackError", "The new release did not become healthy, and the machine fell back to the old one."),
        Entry(100, "DownloadIncomplete", "The payload has not arrived completely."),
    ]
}
