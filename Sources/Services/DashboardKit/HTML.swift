/// A piece of a page: elements and text. Text can enter only as ``text(_:)`` or as an attribute's value, and both are
/// escaped when rendered, so no name or alias that a machine reports can become markup.
package indirect enum HTML: Sendable {
    case text(String)
    case element(Tag, [Attribute], [HTML])
    case fragment([HTML])
    /// A style sheet from our own source; the type keeps run-time text out.
    case stylesheet(StaticString)

    package static let empty = HTML.fragment([])

    /// An element whose content is written as a list of pieces.
    package static func tag(_ tag: Tag, _ attributes: [Attribute] = [], @HTMLBuilder _ content: () -> HTML) -> HTML {
        .element(tag, attributes, [content()])
    }

    /// An element that holds nothing.
    package static func tag(_ tag: Tag, _ attributes: [Attribute] = []) -> HTML { .element(tag, attributes, []) }

    /// An element that holds one text.
    package static func tag(_ tag: Tag, _ text: String) -> HTML { .element(tag, [], [.text(text)]) }

    /// An element with attributes that holds one text.
    package static func tag(_ tag: Tag, _ attributes: [Attribute], _ text: String) -> HTML {
        .element(tag, attributes, [.text(text)])
    }
}

/// The elements that our pages use. There is no `script` among them.
package enum Tag: String, Sendable {
    case a, abbr, body, div, footer, h1, h2, h3, head, header, html, li, link, main, meta, nav, p, rect, section, span
    case strong, style, svg, table, tbody, td, th, thead, time, title, tr, ul, code, dl, dt, dd

    var isVoid: Bool { self == .meta || self == .link }
}

/// A name and a value, such as `class="quiet"`. The names come from our source, the value is escaped.
package struct Attribute: Sendable {
    let name: StaticString
    let value: String

    package init(_ name: StaticString, _ value: String) {
        self.name = name
        self.value = value
    }

    package static func `class`(_ name: String) -> Attribute { Attribute("class", name) }
}

/// Lets page functions read like the page: one piece after another, with `if` and `for`.
@resultBuilder
package enum HTMLBuilder {
    package static func buildBlock(_ parts: HTML...) -> HTML { .fragment(parts) }
    package static func buildExpression(_ part: HTML) -> HTML { part }
    package static func buildExpression(_ text: String) -> HTML { .text(text) }
    package static func buildArray(_ parts: [HTML]) -> HTML { .fragment(parts) }
    package static func buildOptional(_ part: HTML?) -> HTML { part ?? .empty }
    package static func buildEither(first part: HTML) -> HTML { part }
    package static func buildEither(second part: HTML) -> HTML { part }
}

extension HTML {
    /// The markup as UTF-8 text.
    package var markup: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .text(let content): Self.escape(content, into: &text)
        case .fragment(let parts): for part in parts { part.write(to: &text) }
        case .stylesheet(let sheet): text += "<style>\(sheet)</style>"
        case .element(let tag, let attributes, let children):
            text += "<\(tag.rawValue)"
            for attribute in attributes {
                text += " \(attribute.name)=\""
                Self.escape(attribute.value, into: &text)
                text += "\""
            }
            text += ">"
            if tag.isVoid { return }
            for child in children { child.write(to: &text) }
            text += "</\(tag.rawValue)>"
        }
    }

    /// Replaces the five characters that mean something in markup; control characters become a visible mark.
    private static func escape(_ content: String, into text: inout String) {
        for scalar in content.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default:
                let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
                text.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
            }
        }
    }
}
