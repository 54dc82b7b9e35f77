internal import FoundationEssentials

/// Where the machines of an image ask for updates and what they follow. A mistake here goes out with the image, and a
/// machine that asks at the wrong place gets no release that would mend it.
enum UpdateSource {
    private static let lengthMax = 4096

    /// Why `text` cannot be the address of an update server; `nil` when it can. What martletd would refuse is refused
    /// here, too. The text is not repeated: it may hold a password.
    static func obstacle(toServer text: String) -> String? {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= lengthMax, bytes.allSatisfy(isAddressByte),
            let url = URL(string: text, encodingInvalidCharacters: false),
            let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = url.host(percentEncoded: true), !host.isEmpty, (1...65_535).contains(url.port ?? 80)
        else { return "it is no address such as https://updates.example.org/v1/update/" }
        return nil
    }

    /// Source: RFC 3986, 2: reserved and unreserved characters and the percent sign; without the apostrophe, which
    /// means something in `update.conf`.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~:/?#[]@!$&()*+,;=%".utf8.contains(byte)
        }
    }
}

extension ImageDefinition {
    /// Puts values of the command line in the place of `update.server` and `update.track`, checked as those are.
    /// - Throws: ``ImageError/definition(path:key:reason:)``.
    package mutating func follow(server: String?, track: String?) throws(ImageError) {
        let words = CommandLineWords()
        if let server { self.server = try words.server(server, key: "--server") }
        if let track { self.track = try words.word(track, key: "--track") }
    }
}

/// Values that stand beside the definition.
private struct CommandLineWords: DefinitionValues {
    let path = "the command line"
}
