import FoundationEssentials
import HTTPTypes
import Hummingbird

/// What a request shows in `Authorization`.
///
/// Source: RFC 9110, section 11.6.2; RFC 7617.
enum Credentials {
    /// What follows the scheme, where the header is of this scheme.
    static func text(of request: Request, scheme: String) -> String? {
        guard let header = request.headers[.authorization] else { return nil }
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == scheme else { return nil }
        return String(words[1])
    }

    /// The password of basic credentials; the user name does not matter.
    static func password(of request: Request) -> String? {
        guard let text = text(of: request, scheme: "basic"), let data = Data(base64Encoded: text),
            let pair = String(validating: data, as: UTF8.self), let colon = pair.firstIndex(of: ":")
        else { return nil }
        return String(pair[pair.index(after: colon)...])
    }
}

/// Paths as the log may have them: with no secret and no pass.
enum LoggedPath {
    static func text(_ path: String) -> String {
        var segments = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        if segments.count > 2, segments[0] == "v1", segments[1] == "update" { segments[2...] = ["…"] }
        if segments.count > 2, segments[0] == "payloads", segments[1] == "with" { segments[2] = "…" }
        return "/" + segments.joined(separator: "/")
    }
}
