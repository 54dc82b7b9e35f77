import ContentTrust
import PayloadFormat
import UpdateModel

/// Unsigned payloads of format 1 with one operation, written by hand.
enum TinyPayload {
    /// Makes a partition of `blobByteCount` bytes, a multiple of 4096, that count up from 0.
    static func full(blobByteCount: Int) -> [UInt8] { payload(blobByteCount, source: nil) }

    /// The same, claiming to start from another partition.
    static func delta(blobByteCount: Int) -> [UInt8] {
        payload(blobByteCount, source: info([UInt8](repeating: 7, count: 4096)))
    }

    private static func payload(_ blobByteCount: Int, source: [UInt8]?) -> [UInt8] {
        let blob = (0..<blobByteCount).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        let extent = varintField(1, 0) + varintField(2, blobByteCount / 4096)
        let operation =
            varintField(1, 0) + varintField(2, 0) + varintField(3, blobByteCount) + bytesField(6, extent)
            + bytesField(8, StreamDigest.digest(of: blob).bytes)
        let oldInfo = source.map { bytesField(8, $0) } ?? []
        let manifest = bytesField(1, operation) + varintField(3, 4096) + oldInfo + bytesField(9, info(blob))
        return PayloadHeader(format: .one, manifestSize: UInt64(manifest.count)).encoded + manifest + blob
    }

    private static func info(_ content: [UInt8]) -> [UInt8] {
        varintField(1, content.count) + bytesField(2, StreamDigest.digest(of: content).bytes)
    }

    private static func varintField(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

    private static func bytesField(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(bytes.count) + bytes
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = UInt64(value)
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
