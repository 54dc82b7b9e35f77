/// A way to store bytes in fewer bytes.
public enum CompressionFormat: String, Sendable, Hashable, CaseIterable {
    /// Source: the manual of bzip2 1.0.8.
    case bzip2
    /// Source: The .xz File Format 1.1.0.
    case xz
    /// Source: RFC 8878.
    case zstd
}
