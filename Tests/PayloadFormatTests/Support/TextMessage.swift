/// As much of protobuf's text form as protoc writes for a manifest: `name: value` and `name { … }`, a line each.
struct TextMessage {
    private var scalars: [(name: String, value: String)] = []
    private var children: [(name: String, value: TextMessage)] = []

    init() {}

    init(parsing text: String) throws {
        var lines = text.split(separator: "\n")[...]
        self = TextMessage(&lines)
    }

    private init(_ lines: inout ArraySlice<Substring>) {
        while let line = lines.popFirst() {
            let trimmed = line.drop { $0 == " " }
            if trimmed == "}" { return }
            if trimmed.hasSuffix(" {") {
                children.append((String(trimmed.dropLast(2)), TextMessage(&lines)))
            } else if let colon = trimmed.firstIndex(of: ":") {
                let value = trimmed[trimmed.index(colon, offsetBy: 2)...]
                scalars.append((String(trimmed[..<colon]), String(value)))
            }
        }
    }

    func messages(_ name: String) -> [TextMessage] { children.filter { $0.name == name }.map(\.value) }

    func words(_ name: String) -> [String] { scalars.filter { $0.name == name }.map(\.value) }

    func number(_ name: String) -> UInt64? { words(name).first.flatMap { UInt64($0) } }

    /// A quoted string with C's escapes, octal ones included.
    func data(_ name: String) -> [UInt8]? {
        guard let text = words(name).first else { return nil }
        var rest = Array(text.utf8.dropFirst().dropLast())[...]
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch escaped {
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                let digits = [escaped] + rest.prefix(2)
                rest = rest.dropFirst(2)
                bytes.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 48) }))
            default: bytes.append(escaped)
            }
        }
        return bytes
    }
}
