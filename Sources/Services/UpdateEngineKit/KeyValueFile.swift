/// The `KEY=VALUE` files of CoreOS and Flatcar: `update.conf`, `release`, `oem-release`, `os-release`.
///
/// A line is split at its first `=`; one pair of matching outer quotes is removed; a line whose key begins with `#`
/// sets nothing; the last of several wins.
///
/// Source: flatcar/update_engine `simple_key_value_store.cc`, as described on the fact sheet for Omaha, section 11.1.
package struct KeyValueFile: Hashable, Sendable {
    private(set) var values: [String: String] = [:]

    package init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "="), !line.hasPrefix("#") else { continue }
            let key = line[..<equals].trimmingSpaces()
            values[key] = Self.unquoted(line[line.index(after: equals)...].trimmingSpaces())
        }
    }

    package subscript(key: String) -> String? { values[key] }

    /// This file's values, with those of `other` in their place where it has any.
    package func overridden(by other: KeyValueFile) -> KeyValueFile {
        var merged = self
        merged.values.merge(other.values) { _, theirs in theirs }
        return merged
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let first = text.first, first == text.last, first == "\"" || first == "'" else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
