/// How much a document may ask of its reader. Whatever goes beyond is refused while it is being read.
public struct XMLLimits: Hashable, Sendable {
    /// The whole document, in bytes.
    public var documentBytes: Int
    /// Elements inside one another.
    public var depth = 16
    /// Elements in all.
    public var elements = 2_000
    public var attributesPerElement = 64
    /// The value of one attribute, in bytes of UTF-8.
    public var attributeBytes = 4 * 1024
    /// The text directly inside one element, in bytes of UTF-8.
    public var textBytes = 16 * 1024
    /// Elements `app` in a request or a response.
    public var apps = 32

    public init(documentBytes: Int) { self.documentBytes = documentBytes }

    /// 64 KiB, as Nebraska has it; a real request has less than 1 KiB.
    public static let request = XMLLimits(documentBytes: 64 * 1024)
    /// 1 MiB, as go-omaha's client has it.
    public static let response = XMLLimits(documentBytes: 1024 * 1024)
}
