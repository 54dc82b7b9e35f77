/// A run of bytes of another device, such as a partition of a disk. Nothing outside it can be reached through it.
public struct DeviceRegion: BlockDevice {
    public let sizeBytes: UInt64
    public var sectorSizeBytes: Int { whole.sectorSizeBytes }
    private let whole: any BlockDevice
    /// Where it begins on the other device.
    public let startBytes: UInt64

    /// - Throws: ``DeviceError/outOfRange(offsetBytes:count:sizeBytes:)`` unless the region lies on `whole`.
    public init(of whole: any BlockDevice, startBytes: UInt64, sizeBytes: UInt64) throws(DeviceError) {
        guard startBytes <= whole.sizeBytes, sizeBytes <= whole.sizeBytes - startBytes else {
            throw .outOfRange(offsetBytes: startBytes, count: Int(clamping: sizeBytes), sizeBytes: whole.sizeBytes)
        }
        self.whole = whole
        self.startBytes = startBytes
        self.sizeBytes = sizeBytes
    }

    public func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try checkRange(offsetBytes, count)
        return try whole.read(at: startBytes + offsetBytes, count: count)
    }

    public func read(at offsetBytes: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        try checkRange(offsetBytes, buffer.count)
        try unsafe whole.read(at: startBytes + offsetBytes, into: buffer)
    }

    public func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        try whole.write(bytes, at: startBytes + offsetBytes)
    }

    public func flush() throws(DeviceError) { try whole.flush() }
}
