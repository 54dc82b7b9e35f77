internal import FoundationEssentials

/// The one block of a PEM text: what it says it is, and its bytes.
///
/// Text around the block is allowed, as other tools write descriptions there.
///
/// Source: RFC 7468; RFC 1421 for the headers of encrypted keys.
struct PEMBlock {
    let label: String
    let bytes: [UInt8]

    init(label: String, bytes: [UInt8]) {
        self.label = label
        self.bytes = bytes
    }

    /// - Throws: ``KeyError/notPEM``, ``KeyError/severalBlocks``, ``KeyError/encrypted``.
    init(parsing text: String) throws(KeyError) {
        let lines = text.split(whereSeparator: \.isNewline).map(trimmed)
        let openings = lines.indices.filter { lines[$0].hasPrefix("-----BEGIN ") && lines[$0].hasSuffix("-----") }
        guard let opening = openings.first else { throw .notPEM }
        guard openings.count == 1 else { throw .severalBlocks }

        let label = String(lines[opening].dropFirst("-----BEGIN ".count).dropLast("-----".count))
        guard let closing = lines[opening...].firstIndex(of: "-----END \(label)-----") else { throw .notPEM }
        let content = lines[(opening + 1)..<closing]
        guard label != "ENCRYPTED PRIVATE KEY", !content.contains(where: { $0.hasPrefix("Proc-Type:") }) else {
            throw .encrypted
        }
        guard let data = Data(base64Encoded: content.joined()), !data.isEmpty else { throw .notPEM }
        self.init(label: label, bytes: Array(data))
    }

    /// The block with lines of 64 characters.
    var text: String {
        let content = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(content)\n-----END \(label)-----\n"
    }
}

private func trimmed(_ line: Substring) -> Substring {
    var line = line
    while let last = line.last, last.isWhitespace { line.removeLast() }
    return line
}
