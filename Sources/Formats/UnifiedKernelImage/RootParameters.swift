/// What a boot image's command line says of the root that it belongs to.
///
/// ```text
/// roothash=<64 hex digits> martlet.verity=<data blocks>:<salt in hex, or ->
/// ```
///
/// The image fits the slot whose hash tree has this root, whichever that is.
package struct RootParameters: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits: SHA-256 over salt and the tree's top block.
    package let rootHash: String
    /// Blocks of 4096 bytes.
    package let dataBlockCount: UInt64
    /// At most 256 bytes.
    package let salt: [UInt8]

    /// - Throws: ``BootImageError/commandLine(parameter:)`` for a parameter that is missing, wrong or there twice.
    package init(commandLine: String) throws(BootImageError) {
        self.rootHash = try Self.value(of: "roothash", in: commandLine)
        guard rootHash.utf8.count == 64, Self.bytes(hex: rootHash) != nil, rootHash == rootHash.lowercased() else {
            throw .commandLine(parameter: "roothash")
        }
        let parts = try Self.value(of: "martlet.verity", in: commandLine)
            .split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = UInt64(parts[0]), (1...UInt64(Int64.max) / 4096).contains(count),
            let salt = parts[1] == "-" ? [] : Self.bytes(hex: String(parts[1])), salt.count <= 256,
            parts[1] == "-" || !salt.isEmpty
        else { throw .commandLine(parameter: "martlet.verity") }
        self.dataBlockCount = count
        self.salt = salt
    }

    private static func value(of parameter: String, in commandLine: String) throws(BootImageError) -> String {
        let prefix = parameter + "="
        let found = commandLine.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix(prefix) }
        guard let word = found.first, found.count == 1 else { throw .commandLine(parameter: parameter) }
        return String(word.dropFirst(prefix.count))
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.utf8.map { byte -> UInt8? in
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x61...0x66: byte - 0x61 + 10
            case 0x41...0x46: byte - 0x41 + 10
            default: nil
            }
        }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[place], let low = digits[place + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

extension BootImage {
    /// What ties the image to its root.
    package func rootParameters() throws(BootImageError) -> RootParameters {
        try RootParameters(commandLine: try commandLine())
    }
}
