/// The fixed bytes at a payload's start.
///
/// ```text
/// offset  size  field (integers are big-endian)
///      0     4  "CrAU"
///      4     8  format version: 1 or 2
///     12     8  manifest size M
///     20     4  metadata signature size G (format 2 only)
/// 20 or 24   M  manifest
///            G  metadata signature (format 2 only)
///               blobs; the manifest's offsets count from here
///               payload signature
/// ```
///
/// Source: flatcar/update_engine, src/update_engine/delta_metadata.h; AOSP update_engine, payload_metadata.cc.
public struct PayloadHeader: Hashable, Sendable {
    /// The first four bytes of every payload.
    public static let magic: [UInt8] = Array("CrAU".utf8)
    /// The bytes that ``format(of:)`` needs.
    public static let prefixByteCount = 12

    public let format: FormatVersion
    /// Bytes of the encoded manifest.
    public let manifestSize: UInt64
    /// Bytes of the metadata signature; 0 in format 1.
    public let metadataSignatureSize: UInt64

    /// Header and manifest: what the metadata signature covers, and what Omaha calls the metadata size.
    public var metadataSize: UInt64 { UInt64(format.headerByteCount) + manifestSize }
    /// Where blobs begin, counted from the payload's first byte.
    public var blobsOffset: UInt64 { metadataSize + metadataSignatureSize }

    public init(format: FormatVersion, manifestSize: UInt64, metadataSignatureSize: UInt64 = 0) {
        self.format = format
        self.manifestSize = manifestSize
        self.metadataSignatureSize = format == .one ? 0 : metadataSignatureSize
    }

    /// The format that the first ``prefixByteCount`` bytes announce.
    /// - Throws: ``PayloadError/notAPayload``, ``PayloadError/unsupportedFormat(_:)``.
    public static func format(of prefix: ArraySlice<UInt8>) throws(PayloadError) -> FormatVersion {
        guard prefix.prefix(magic.count).elementsEqual(magic) else { throw .notAPayload }
        guard prefix.count >= prefixByteCount else { throw .truncated(part: .header) }
        let number = bigEndian(prefix.dropFirst(4).prefix(8))
        guard let format = FormatVersion(rawValue: number) else { throw .unsupportedFormat(number) }
        return format
    }

    /// Parses a whole header.
    /// - Throws: as ``format(of:)``, ``PayloadError/truncated(part:)``, and ``PayloadError/overLimit(_:value:max:)``.
    public init(parsing bytes: ArraySlice<UInt8>, limits: PayloadLimits = .standard) throws(PayloadError) {
        let format = try Self.format(of: bytes)
        guard bytes.count >= format.headerByteCount else { throw .truncated(part: .header) }
        let manifestSize = bigEndian(bytes.dropFirst(12).prefix(8))
        let signatureSize = format == .one ? 0 : bigEndian(bytes.dropFirst(20).prefix(4))
        try PayloadError.check(manifestSize, .manifestBytes, max: limits.manifestBytesMax)
        try PayloadError.check(signatureSize, .signatureBytes, max: limits.signatureBytesMax)
        self.init(format: format, manifestSize: manifestSize, metadataSignatureSize: signatureSize)
    }

    /// The header as it stands in the file.
    public var encoded: [UInt8] {
        var bytes = Self.magic + bigEndianBytes(format.rawValue, count: 8) + bigEndianBytes(manifestSize, count: 8)
        if format == .two { bytes += bigEndianBytes(metadataSignatureSize, count: 4) }
        return bytes
    }
}

private func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

func bigEndianBytes(_ value: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
}
