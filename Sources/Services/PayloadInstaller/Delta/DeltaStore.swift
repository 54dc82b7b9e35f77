internal import ContentTrust
internal import PayloadFormat
internal import SlotDevice

/// Operations and their blobs, one after the other.
struct DeltaStore {
    let device: any BlockDevice
    let start: UInt64
    private(set) var byteCount: UInt64 = 0
    private(set) var operations: [PayloadOperation] = []

    init(device: any BlockDevice, start: UInt64) {
        self.device = device
        self.start = start
    }

    mutating func add(_ encoded: DeltaEncoder.Encoded) throws(PayloadBuildError) {
        let blob = encoded.blob
        let offset = start + byteCount
        try PayloadBuildError.attempt { () throws(DeviceError) in try device.write(blob, at: offset) }
        operations.append(
            PayloadOperation(
                kind: encoded.kind, dataOffset: blob.isEmpty ? 0 : offset, dataLength: UInt64(blob.count),
                dataDigest: blob.isEmpty ? nil : StreamDigest.digest(of: blob),
                sourceExtents: encoded.sourceExtents, targetExtents: encoded.targetExtents,
                sourceLength: encoded.sourceLength, targetLength: encoded.targetLength,
                sourceDigest: encoded.sourceDigest, writtenExtents: encoded.writtenExtents))
        byteCount += UInt64(blob.count)
    }
}
