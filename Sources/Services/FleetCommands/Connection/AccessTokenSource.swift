import FoundationEssentials

/// Finds the token that goes with a request. It is never an argument, which every user of the machine could read.
enum AccessTokenSource {
    /// From `--token-file`, else the file `MARTLET_TOKEN_FILE`, else the text of `MARTLET_TOKEN`; `nil` when there is
    /// none.
    static func token(file: String?, environment: [String: String]) throws(ClientError) -> String? {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let file = file ?? variable("MARTLET_TOKEN_FILE") {
            guard let data = FileManager.default.contents(atPath: file) else { throw .unreadableToken(file: file) }
            return try checked(String(decoding: data, as: UTF8.self), source: "The file \(file)")
        }
        guard let text = variable("MARTLET_TOKEN") else { return nil }
        return try checked(text, source: "$MARTLET_TOKEN")
    }

    private static func checked(_ text: String, source: String) throws(ClientError) -> String {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, words[0].utf8.count <= 1024, words[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .malformedToken(source: source) }
        return String(words[0])
    }
}
