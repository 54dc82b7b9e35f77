/// The kinds of values that a definition has, each with what makes one impossible. Errors name the key.
protocol DefinitionValues {
    /// Where the values stand.
    var path: String { get }
}

extension DefinitionValues {
    func refuse(_ key: String, _ reason: String) -> ImageError {
        .definition(path: path, key: key, reason: reason)
    }

    func number(_ value: Int, within range: ClosedRange<Int>, key: String) throws(ImageError) -> Int {
        guard range.contains(value) else {
            throw refuse(key, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    func word(_ text: String, key: String) throws(ImageError) -> String {
        guard !text.isEmpty, text.utf8.first != UInt8(ascii: "-"), text.utf8.allSatisfy(Self.isWordByte) else {
            throw refuse(key, "“\(text)” may only hold letters, digits and ._@:+-")
        }
        return text
    }

    func words(_ texts: [String]?, key: String) throws(ImageError) -> [String] {
        try (texts ?? []).map { text throws(ImageError) in try word(text, key: key) }
    }

    /// One line without control characters.
    func line(_ text: String, key: String) throws(ImageError) -> String {
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw refuse(key, "it must be one line")
        }
        return text
    }

    func lines(_ texts: [String]?, key: String) throws(ImageError) -> [String] {
        try (texts ?? []).map { text throws(ImageError) in try line(text, key: key) }
    }

    func imagePath(_ text: String, key: String) throws(ImageError) -> String {
        guard text.hasPrefix("/"), !text.split(separator: "/").contains(".."), !text.utf8.contains(0) else {
            throw refuse(key, "“\(text)” is no absolute path without “..”")
        }
        return text
    }

    func paths(_ texts: [String], key: String) throws(ImageError) -> [String] {
        try texts.map { text throws(ImageError) in try imagePath(text, key: key) }
    }

    /// The address of an update server, see ``UpdateSource``.
    func server(_ text: String, key: String) throws(ImageError) -> String {
        if let obstacle = UpdateSource.obstacle(toServer: text) { throw refuse(key, obstacle) }
        return text
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "._@:+-".utf8.contains(byte)
        }
    }
}
