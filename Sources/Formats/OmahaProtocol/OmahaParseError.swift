public import UpdateModel

/// Why bytes from outside are not an Omaha message.
public enum OmahaParseError: Error, Hashable, Sendable {
    /// There is not one byte.
    case empty
    /// Lines count from 1, columns from 0.
    case notWellFormed(line: Int, column: Int, reason: String)
    /// A document type would allow entities, which can grow without bound. No Omaha message has one.
    case doctypeRefused
    case tooLarge(limitBytes: Int)
    case tooDeep(limit: Int)
    case tooManyElements(limit: Int)
    case tooManyAttributes(element: String, limit: Int)
    case attributeTooLong(attribute: String, limitBytes: Int)
    case textTooLong(element: String, limitBytes: Int)
    case tooManyApps(limit: Int)
    /// The outermost element is another than `request` or `response`.
    case unexpectedRoot(found: String, expected: String)
    case missing(attribute: String, element: String)
    case invalid(attribute: String, value: String)
    /// There was no memory for a parser.
    case noMemory
}

extension OmahaParseError {
    /// What a machine reports when the answer to its check is refused so.
    public var errorCode: OmahaErrorCode {
        switch self {
        case .empty: .omahaRequestEmptyResponse
        case .unexpectedRoot, .missing, .invalid, .tooManyApps: .omahaResponseInvalid
        default: .omahaRequestXMLParse
        }
    }
}

extension OmahaParseError: UserFacingError {
    public var userMessage: UserMessage {
        UserMessage("The Omaha message is refused: \(explanation).", exit: self == .noMemory ? .tryLater : .badData)
    }

    private var explanation: String {
        switch self {
        case .empty: "it is empty"
        case .notWellFormed(let line, let column, let reason):
            "it is no well-formed XML at line \(line), column \(column) (\(reason))"
        case .doctypeRefused: "it has a document type, which is never allowed"
        case .tooLarge(let limit): "it is longer than \(ByteCount.text(UInt64(clamping: limit)))"
        case .tooDeep(let limit): "more than \(limit) elements are inside one another"
        case .tooManyElements(let limit): "it has more than \(limit) elements"
        case .tooManyAttributes(let element, let limit): "“\(element.prefix(64))” has more than \(limit) attributes"
        case .attributeTooLong(let attribute, let limit): "“\(attribute.prefix(64))” is longer than \(limit) bytes"
        case .textTooLong(let element, let limit): "the text in “\(element.prefix(64))” is longer than \(limit) bytes"
        case .tooManyApps(let limit): "it has more than \(limit) apps"
        case .unexpectedRoot(let found, let expected): "it is a “\(found.prefix(64))”, not a \(expected)"
        case .missing(let attribute, let element): "“\(element)” has no attribute “\(attribute)”"
        case .invalid(let attribute, let value): "“\(value.prefix(64))” cannot be the value of “\(attribute)”"
        case .noMemory: "there is no memory left to read it"
        }
    }
}
