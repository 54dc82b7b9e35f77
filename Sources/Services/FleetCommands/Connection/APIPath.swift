import FleetAPI

/// A path of the API, built of segments that cannot break out of their place.
package struct APIPath: Sendable {
    private var segments: [String]
    private var query: [(name: String, value: String)] = []

    init(_ segments: String...) { self.segments = segments }

    static let applications = APIPath("applications")

    static func application(_ name: String, _ rest: String...) -> APIPath {
        var path = APIPath("applications", name)
        path.segments += rest
        return path
    }

    /// What lies one segment below.
    func below(_ segment: String) -> APIPath {
        var path = self
        path.segments.append(segment)
        return path
    }

    /// The same path with one more parameter; none where `value` is `nil`.
    func with(_ name: String, _ value: String?) -> APIPath {
        guard let value else { return self }
        var path = self
        path.query.append((name, value))
        return path
    }

    /// Path and query below the server's URL.
    var text: String {
        let path = "/api/v1/" + segments.map(PercentEncoding.encode).joined(separator: "/")
        if query.isEmpty { return path }
        return path + "?" + query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }
}
