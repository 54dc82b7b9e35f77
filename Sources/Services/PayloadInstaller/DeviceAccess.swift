internal import ContentTrust
internal import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// A device together with the name of its partition, so that failures can say where.
struct DeviceAccess {
    /// What is copied at once.
    static let pieceByteCount = 256 << 10

    let partition: String
    let device: any BlockDevice
    /// So many bytes from its start have been compared with the digest that the payload tells of them.
    var verifiedByteCount: UInt64 = 0

    var sizeBytes: UInt64 { device.sizeBytes }

    /// Bytes beyond the device's end, as in a last block that is not whole, read as zeros.
    func readPadded(at offsetBytes: UInt64, count: Int) throws(InstallationError) -> [UInt8] {
        guard offsetBytes < sizeBytes else { return [UInt8](repeating: 0, count: count) }
        let available = min(UInt64(count), sizeBytes - offsetBytes)
        var bytes = try attempt { () throws(DeviceError) in
            try device.read(at: offsetBytes, count: Int(available))
        }
        let missing = count - Int(available)
        if missing > 0 { bytes.append(contentsOf: repeatElement(0, count: missing)) }
        return bytes
    }

    /// As ``readPadded(at:count:)``, behind what stands in `buffer`.
    func readPadded(at offsetBytes: UInt64, count: Int, into buffer: TransferBuffer) throws(InstallationError) {
        let available = offsetBytes < sizeBytes ? min(UInt64(count), sizeBytes - offsetBytes) : 0
        if available > 0 {
            try attempt { () throws(DeviceError) in
                try buffer.append(from: device, at: offsetBytes, count: Int(available))
            }
        }
        buffer.appendZeros(count: count - Int(available))
    }

    /// Bytes beyond the device's end, as in a last block that is not whole, are dropped.
    func writeClipped(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(InstallationError) {
        guard offsetBytes < sizeBytes else { return }
        let count = min(UInt64(bytes.count), sizeBytes - offsetBytes)
        try attempt { () throws(DeviceError) in try device.write(bytes.prefix(Int(count)), at: offsetBytes) }
    }

    func flush() throws(InstallationError) {
        try attempt { () throws(DeviceError) in try device.flush() }
    }

    /// SHA-256 of the first `byteCount` bytes, which must be there.
    /// - Parameter progress: Told how many bytes have been read.
    func digest(
        ofFirst byteCount: UInt64, progress: (UInt64) -> Void = { _ in }
    ) throws(InstallationError) -> SHA256Digest {
        var digest = StreamDigest()
        try forEachPiece(of: byteCount) { (piece, offset) throws(InstallationError) in
            digest.update(piece)
            progress(offset + UInt64(piece.count))
        }
        return digest.finalized()
    }

    /// Copies the first `byteCount` bytes to the same place of another device.
    func copy(_ byteCount: UInt64, to target: DeviceAccess) throws(InstallationError) {
        try forEachPiece(of: byteCount) { (piece, offset) throws(InstallationError) in
            try target.writeClipped(piece, at: offset)
        }
    }

    private func forEachPiece(
        of byteCount: UInt64, _ body: (ArraySlice<UInt8>, UInt64) throws(InstallationError) -> Void
    ) throws(InstallationError) {
        let failure: (DeviceError) -> InstallationError = { .device(partition: partition, $0) }
        guard byteCount <= sizeBytes else {
            throw failure(.outOfRange(offsetBytes: 0, count: Int(clamping: byteCount), sizeBytes: sizeBytes))
        }
        try device.forEachPiece(of: 0..<byteCount, failure: failure, body)
    }

    private func attempt<Value>(_ body: () throws(DeviceError) -> Value) throws(InstallationError) -> Value {
        do throws(DeviceError) {
            return try body()
        } catch {
            throw .device(partition: partition, error)
        }
    }
}
