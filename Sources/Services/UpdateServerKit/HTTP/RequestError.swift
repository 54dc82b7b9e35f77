import HTTPTypes

/// Why a request was refused before anybody looked at what it wants.
package enum RequestError: Error, Hashable {
    case bodyTooLong(limit: Int)
    /// The body did not come within the time that it may take.
    case bodyTooSlow
    case notJSON
    /// The JSON is not what this request takes; the text says where.
    case wrongForm(String)
    case invalidParameter(name: String, value: String, wanted: String)
    case missingParameter(String)
    case fromAWebPage
    case foreignHost(String)
}

extension RequestError {
    var status: HTTPResponse.Status {
        switch self {
        case .bodyTooLong: .contentTooLarge
        case .bodyTooSlow: .requestTimeout
        case .notJSON: .unsupportedMediaType
        case .wrongForm: .unprocessableContent
        case .invalidParameter, .missingParameter: .badRequest
        case .fromAWebPage: .forbidden
        case .foreignHost: .misdirectedRequest
        }
    }

    var detail: String {
        switch self {
        case .bodyTooLong(let limit): "The request's body is longer than \(limit) bytes."
        case .bodyTooSlow: "The request's body came too slowly."
        case .notJSON: "The body must be JSON, and Content-Type must say application/json."
        case .wrongForm(let text): text
        case .invalidParameter(let name, let value, let wanted):
            "The parameter \(name) cannot be “\(value.prefix(64))”. Use \(wanted)."
        case .missingParameter(let name): "The parameter \(name) is missing."
        case .fromAWebPage: "Web pages may not change the fleet."
        case .foreignHost(let host):
            "Without tokens this server answers to its loopback address only, not to \(host.prefix(64))."
        }
    }
}
