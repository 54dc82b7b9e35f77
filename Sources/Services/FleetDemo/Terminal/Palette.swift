/// Colours, where the terminal has them.
package struct Palette: Sendable {
    package let isOn: Bool

    package init(isOn: Bool) { self.isOn = isOn }

    package func bold(_ text: String) -> String { styled(text, "1") }
    package func faint(_ text: String) -> String { styled(text, "2") }
    package func good(_ text: String) -> String { styled(text, "32") }
    package func bad(_ text: String) -> String { styled(text, "31") }
    package func busy(_ text: String) -> String { styled(text, "36") }
    package func warning(_ text: String) -> String { styled(text, "33") }

    private func styled(_ text: String, _ code: String) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// Filled up with spaces to `width` characters, or cut.
    package func padded(to width: Int) -> String {
        count >= width ? String(prefix(max(0, width))) : self + String(repeating: " ", count: width - count)
    }

    /// Without line ends and other control characters, which would steer the terminal.
    package var onOneLine: String {
        let words = split {
            $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
        }
        return words.joined(separator: " ")
    }

    /// At most `width` characters; an ellipsis shows that something was cut off.
    package func truncated(to width: Int) -> String {
        count <= width ? self : String(prefix(max(0, width - 1))) + "…"
    }
}
