import SlotDevice

extension BootImage {
    /// Of a section that is read as a text.
    package static let textBytesMax = 64 << 10

    /// The signed command line, without what fills its section up.
    package func commandLine() throws(BootImageError) -> String {
        guard let text = try text(of: ".cmdline") else { throw .sectionMissing(".cmdline") }
        return text
    }

    /// The keys of `.osrel`, without quotes. Empty when there is no such section.
    package func osRelease() throws(BootImageError) -> [String: String] {
        let lines = try text(of: ".osrel")?.split(separator: "\n") ?? []
        return lines.reduce(into: [:]) { values, line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !line.hasPrefix("#") else { return }
            let quotes: Set<Character> = ["\"", "'"]
            let value = parts[1]
            let isQuoted = value.count >= 2 && value.first == value.last && quotes.contains(value.first ?? " ")
            values[String(parts[0])] = String(isQuoted ? value.dropFirst().dropLast() : value)
        }
    }

    /// Checks that systemd-boot shows the image and orders it by its file's name alone, so that what was activated last
    /// boots: it has a title and no sort key.
    ///
    /// Source: systemd 252, `bootspec_pick_name_version_sort_key`.
    package func checkOrderedByName() throws(BootImageError) {
        let values = try osRelease()
        for key in ["IMAGE_ID", "ID"] where values[key] != nil {
            throw .notOrderedByName(reason: "its os-release has \(key)")
        }
        guard values["PRETTY_NAME"] != nil || values["NAME"] != nil else {
            throw .notOrderedByName(reason: "its os-release has no PRETTY_NAME")
        }
    }

    private func text(of name: String) throws(BootImageError) -> String? {
        guard let content = try content(of: name) else { return nil }
        guard content.sizeBytes <= UInt64(Self.textBytesMax) else {
            throw .sectionTooLarge(name, limitBytes: Self.textBytesMax)
        }
        let bytes: [UInt8]
        do { bytes = try content.read(at: 0, count: Int(content.sizeBytes)) } catch { throw .device(error) }
        let body = bytes.reversed().drop { $0 == 0 || $0 == 0x0A || $0 == 0x20 }.reversed()
        guard let text = String(validating: body, as: UTF8.self), !body.contains(0) else {
            throw .notText(section: name)
        }
        return text
    }
}
