package import HTTPTypes

/// What one route takes and answers, as the document tells it.
package struct APIOperation: Sendable {
    /// A value in the query.
    struct Parameter: Sendable {
        let name: String
        let schema: Schema
        let description: String
        var isRequired = false
    }

    enum Body: Sendable {
        case json(String)
        /// Bytes of a payload.
        case payload
        /// A document of Omaha.
        case omaha
    }

    enum Answer: Sendable {
        case json(Schema, status: Int = 200)
        /// 204.
        case nothing
        /// Not JSON; the statuses of these routes stand by themselves.
        case other(mediaType: String, statuses: [Int])
    }

    package let method: HTTPRequest.Method
    /// As the router has it, with `:name` for a segment that is data.
    package let path: String
    /// Unique; what generated clients call it.
    let name: String
    let summary: String
    var query: [Parameter] = []
    var body: Body?
    var answer = Answer.nothing
    /// Whether `If-Match` is looked at.
    var isConditional = false
    /// Whether the answer has an `ETag`.
    var hasTag = false
    /// Whether anybody may ask.
    var isOpen = false
    /// Whether the answer may be 202: another person is to do it.
    var mayWait = false

    /// The segments of the path that are data.
    var segments: [String] { path.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) } }

    /// The path as the document has it, with `{name}`.
    package var template: String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
    }

    private var isChanging: Bool { method != .get }

    /// The statuses that a problem document comes with.
    var refusals: [Int] {
        var statuses: Set<Int> = [400, 421, 422, 500, 503]
        if !isOpen { statuses.formUnion([401, 403]) }
        if !segments.isEmpty || !query.isEmpty { statuses.insert(404) }
        if isChanging { statuses.formUnion([404, 409, 424, 507]) }
        if body != nil { statuses.formUnion([408, 413, 415]) }
        if isConditional { statuses.insert(412) }
        return statuses.sorted()
    }
}

extension APIOperation {
    /// Whether the path of a request is one of this route's.
    func matches(_ segments: [Substring]) -> Bool {
        let own = path.split(separator: "/")
        return own.count == segments.count
            && zip(own, segments).allSatisfy { own, segment in own.hasPrefix(":") || own == segment }
    }

    /// What may be done at a path; empty where there is nothing.
    static func methods(at path: String) -> [String] {
        let segments = path.split(separator: "/")
        let methods = Set(all.filter { $0.matches(segments) }.map(\.method.rawValue))
        return (methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted()
    }
}
