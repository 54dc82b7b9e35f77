public import UpdateModel

extension PayloadError: UserFacingError {
    public var userMessage: UserMessage {
        UserMessage(text, hint: hint, exit: .badData)
    }

    private var text: String {
        switch self {
        case .notAPayload: "This is not an update payload: it does not start with “CrAU”."
        case .unsupportedFormat(let number): "Payload format \(number) is not known."
        case .truncated(let part): "The payload ends in the middle of its \(part.rawValue)."
        case .trailingBytes: "Bytes follow the payload's end."
        case .overLimit(let limit, let value, let max):
            "The payload asks for more than this program accepts: \(limit.rawValue): \(value), at most \(max)."
        case .malformedManifest(let fault): "The payload's manifest cannot be used: \(fault)."
        case .metadataSignatureMissing: "The payload's metadata is not signed."
        case .metadataSignatureInvalid: "The payload's metadata is not signed by any trusted key."
        case .signatureMissing: "The payload is not signed."
        case .signatureInvalid: "The payload's data is whole, but no trusted key has signed it."
        case .signatureMalformed: "The payload's signature cannot be parsed."
        case .blobDigestMissing(let place): "The data of \(place) comes without a digest."
        case .blobDigestMismatch(let place): "The data of \(place) is damaged: its digest differs."
        case .sizeMismatch(let expected, let actual): "The payload has \(actual) bytes where \(expected) were promised."
        case .digestMismatch(let expected, let actual):
            "The payload's SHA-256 is \(actual) where \(expected) was promised."
        case .checkpointMismatch: "The saved progress does not belong to this payload."
        }
    }

    private var hint: String? {
        switch self {
        case .notAPayload: "Is it a web page, or a file compressed once more?"
        case .unsupportedFormat: "Formats 1 and 2 can be used."
        case .truncated: "Fetch it again."
        case .metadataSignatureInvalid, .signatureInvalid: "Check the payload's origin and the keys you trust."
        case .metadataSignatureMissing, .signatureMissing:
            "Sign it with “martlet payload hash” and “attach”, or, to take the risk, allow unsigned payloads."
        case .overLimit(.unpackingBytes, _, _): "Use a payload that was made for less memory, or allow more."
        case .checkpointMismatch: "Start from the beginning."
        default: nil
        }
    }
}

extension PayloadError {
    /// The number that Omaha servers and dashboards know for this failure.
    ///
    /// Source: flatcar/update_engine, src/update_engine/action_processor.h; numbers 26 and 39 as in ChromeOS.
    public var updateEngineCode: Int {
        switch self {
        case .notAPayload, .unsupportedFormat: 21
        case .truncated, .trailingBytes, .sizeMismatch: 11
        case .overLimit: 23
        case .malformedManifest(.dataOffset), .malformedManifest(.unexpectedData): 28
        case .malformedManifest: 23
        case .metadataSignatureMissing: 39
        case .metadataSignatureInvalid: 26
        case .signatureMissing: 17
        case .signatureInvalid, .signatureMalformed: 18
        case .blobDigestMissing: 38
        case .blobDigestMismatch: 29
        case .digestMismatch: 10
        case .checkpointMismatch: 20
        }
    }
}
