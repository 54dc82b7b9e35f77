package import FleetOperations
import PayloadFormat
package import PayloadStore

/// Reads what an uploaded payload says of itself, so that nothing but a payload ever gets into a release.
package enum PayloadInspection {
    package static func describe(_ reader: any PayloadReader) async throws -> PayloadDescription {
        let start = try await reader.read(at: 0, count: FormatVersion.two.headerByteCount)
        let header = try PayloadHeader(parsing: start[...])
        // The limit on manifests has been checked; the file may be shorter than its header claims.
        guard header.blobsOffset <= reader.size else { throw PayloadError.truncated(part: .manifest) }
        let bytes = try await read(reader, from: UInt64(header.format.headerByteCount), count: header.manifestSize)
        let manifest = try PayloadManifest(decoding: bytes[...], format: header.format)
        let (end, overflows) = header.blobsOffset.addingReportingOverflow(manifest.bodyLength)
        guard !overflows, end <= reader.size else { throw PayloadError.truncated(part: .blobs) }
        guard end == reader.size else { throw PayloadError.trailingBytes }
        return PayloadDescription(
            format: Int(clamping: header.format.rawValue), isDelta: manifest.isDelta,
            contentDigest: manifest.contentDigest, sourceContentDigest: manifest.sourceContentDigest)
    }

    private static func read(_ reader: any PayloadReader, from start: UInt64, count: UInt64) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while UInt64(bytes.count) < count {
            let wanted = Int(min(count - UInt64(bytes.count), 1 << 20))
            let piece = try await reader.read(at: start + UInt64(bytes.count), count: wanted)
            guard !piece.isEmpty else { throw PayloadError.truncated(part: .manifest) }
            bytes += piece
        }
        return bytes
    }
}
