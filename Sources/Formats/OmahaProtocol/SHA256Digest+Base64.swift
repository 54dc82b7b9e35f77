import FoundationEssentials
public import UpdateModel

// Two spellings of a SHA-256 coexist in Omaha: base64 in actions, hexadecimal digits in packages; some mix them.
extension SHA256Digest {
    /// Parses the 44 characters of base64, padding included.
    public init?(base64 text: String) {
        guard text.utf8.count == 44, let data = Data(base64Encoded: text) else { return nil }
        self.init(bytes: data)
    }

    /// Parses 64 hexadecimal digits or 44 characters of base64, whichever it is.
    public init?(omaha text: String) {
        if let digest = SHA256Digest(hexadecimal: text) {
            self = digest
        } else {
            self.init(base64: text)
        }
    }

    /// 44 characters with their padding: the only form that `update_engine` accepts, since it compares the text.
    public var base64: String { Data(bytes).base64EncodedString() }
}
