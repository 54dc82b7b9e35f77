import FoundationEssentials

/// The exchanges in `Tests/Vectors/omaha`.
enum Recorded {
    static let machine = "0123456789abcdef0123456789abcdef"

    /// The bytes of one file, such as `1-request.xml`.
    static func bytes(_ name: String, file: String = #filePath) throws -> [UInt8] {
        let tests = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
        return [UInt8](try Data(contentsOf: tests.appending(path: "Vectors/omaha/\(name)")))
    }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
}
