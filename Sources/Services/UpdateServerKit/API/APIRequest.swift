import FleetAPI
import FleetModel
import FleetOperations
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import UpdateModel

/// A request of the API, from a caller who is known.
struct APIRequest {
    static let bodyByteCountMax = 64 << 10

    let request: Request
    let context: ServerContext
    let caller: Caller
    let control: FleetControl
    let bodies: BodyReader
}

// What the path names.
extension APIRequest {
    /// The segment of the path that the route calls `name`, as text.
    /// - Throws: ``RequestError/invalidParameter(name:value:wanted:)``.
    func segment(_ name: String) throws(RequestError) -> String {
        let raw = context.parameters.get(name) ?? ""
        guard let text = PercentEncoding.decode(raw), !text.isEmpty else {
            throw .invalidParameter(name: name, value: raw, wanted: "percent-encoded UTF-8")
        }
        return text
    }

    func identifier<Kind>(_ name: String) throws -> Identifier<Kind> { try Identifier(segment(name)) }

    func version() throws -> Version { try Version(segment("version")) }

    func architecture() throws -> Architecture { try parsedArchitecture(segment("architecture"), of: "architecture") }

    /// The application that the path names by its id, in any spelling, or by its name.
    func application() async throws -> FleetModel.Application {
        try await control.findApplication(segment("application"), by: caller)
    }
}

// What the query says.
extension APIRequest {
    /// The parameter's first value; `nil` where it is absent.
    func parameter(_ name: String) -> String? { request.uri.queryParameters.get(name) }

    /// `true` or `false`; absent is `false`.
    func flag(_ name: String) throws(RequestError) -> Bool {
        switch parameter(name) {
        case nil, "false": return false
        case "true": return true
        case let text?: throw .invalidParameter(name: name, value: text, wanted: "true or false")
        }
    }

    /// `limit` (1 to 1000, default 100) and `offset`.
    func page() throws(RequestError) -> PageRequest {
        PageRequest(
            limit: try number("limit", in: 1...PageRequest.limitMaximum) ?? 100,
            offset: try number("offset", in: 0...Int(Int32.max)) ?? 0)
    }

    func sourceVersion() throws -> Version? { try parameter("source").map { try Version($0) } }

    func parsedArchitecture(_ text: String, of name: String) throws(RequestError) -> Architecture {
        guard let architecture = Architecture(text) else {
            throw .invalidParameter(name: name, value: text, wanted: "amd64, arm64 or i386")
        }
        return architecture
    }

    private func number(_ name: String, in range: ClosedRange<Int>) throws(RequestError) -> Int? {
        guard let text = parameter(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidParameter(
                name: name, value: text, wanted: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

// What the body says.
extension APIRequest {
    /// Reads a body of JSON up to ``bodyByteCountMax``.
    func body<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let mediaType = request.headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard mediaType == APIJSON.mediaType else { throw RequestError.notJSON }
        let buffer = try await bodies.collect(request, context, upTo: Self.bodyByteCountMax)
        do {
            return try APIJSON.decode(type, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw RequestError.wrongForm(Self.words(for: error))
        } catch let error as any UserFacingError {
            throw RequestError.wrongForm(error.userMessage.line)
        }
    }

    private static func words(for error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "The body" : "The field " + path.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing."
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context.codingPath)) has a value of the wrong type."
        case .dataCorrupted(let context) where context.codingPath.isEmpty: return "The body is no JSON."
        case .dataCorrupted(let context): return "\(place(context.codingPath)) is wrong: \(context.debugDescription)"
        @unknown default: return "The body does not have the form that is needed here."
        }
    }
}

// Answers.
extension APIRequest {
    /// - Parameter tag: of what the answer shows, where people edit it.
    static func answer(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, tag: EntityTag? = nil
    ) throws -> Response {
        var headers: HTTPFields = [.contentType: APIJSON.mediaType, .cacheControl: "no-store"]
        headers[.eTag] = tag?.text
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try APIJSON.encode(value))))
    }

    static var done: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}
