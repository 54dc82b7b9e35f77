/// What free text from outside may be.
struct TextRule {
    let byteCountMaximum: Int
    let allowsEmpty: Bool
    let allowsLines: Bool

    /// One line that names something for people.
    static let label = TextRule(byteCountMaximum: 256, allowsEmpty: false, allowsLines: false)
    /// Release notes.
    static let notes = TextRule(byteCountMaximum: 65_536, allowsEmpty: true, allowsLines: true)

    /// - Parameter what: begins the message, such as `The notes`.
    /// - Throws: ``OperationError/invalid(_:hint:)``.
    func check(_ text: String, _ what: String) throws(OperationError) -> String {
        guard text.utf8.count <= byteCountMaximum else {
            throw .invalid("\(what) may have at most \(byteCountMaximum) bytes.", hint: nil)
        }
        guard allowsEmpty || !text.isEmpty else { throw .invalid("\(what) is empty.", hint: nil) }
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar.properties.generalCategory != .control || (allowsLines && "\n\r\t".unicodeScalars.contains(scalar))
        }
        guard isClean else { throw .invalid("\(what) may not contain control characters.", hint: nil) }
        return text
    }
}
