/// The processor family that a payload is built for, in Debian's spelling.
public struct Architecture: Hashable, Sendable, Codable, CustomStringConvertible {
    public let name: String

    public static let amd64 = Architecture(name: "amd64")
    public static let arm64 = Architecture(name: "arm64")
    public static let i386 = Architecture(name: "i386")

    private init(name: String) { self.name = name }

    /// Takes Debian's, the kernel's (`x86_64`) and Omaha's (`x64`) spellings; `nil` for another.
    public init?(_ text: some StringProtocol) {
        switch text.lowercased() {
        case "amd64", "x64", "x86_64": self = .amd64
        case "arm64", "aarch64", "arm": self = .arm64
        case "i386", "x86", "i686": self = .i386
        default: return nil
        }
    }

    /// Takes the board of a CoreOS or Flatcar image: `amd64-usr`, `arm64-usr`.
    public init?(board: some StringProtocol) {
        guard let name = board.split(separator: "-").first else { return nil }
        self.init(name)
    }

    public var description: String { name }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let architecture = Architecture(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "Unknown architecture “\(text)”.")
        }
        self = architecture
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
