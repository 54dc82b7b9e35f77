/// The two layouts of an update payload.
public enum FormatVersion: UInt64, Hashable, Sendable, Codable, CaseIterable {
    /// CoreOS and Flatcar: one partition, and files beside it as procedures.
    case one = 1
    /// ChromeOS and Android: named partitions, and a signature over the metadata alone.
    case two = 2

    /// The bytes before the manifest: magic, version, manifest size, and in format 2 the metadata signature's size.
    public var headerByteCount: Int { self == .one ? 20 : 24 }
}
