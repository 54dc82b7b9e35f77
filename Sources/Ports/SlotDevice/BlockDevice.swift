/// Bytes at offsets that survive a power cut once flushed: a disk, a partition, or a file in their place.
///
/// Calls block; a shell runs them off the cooperative threads. One caller writes a range at a time.
/// `BlockDeviceContract` in FleetTestKit checks every implementation.
public protocol BlockDevice: Sendable {
    /// Constant for the life of the value.
    var sizeBytes: UInt64 { get }

    /// The unit in which the medium writes without tearing: 512 or 4096.
    var sectorSizeBytes: Int { get }

    /// Reads exactly `count` bytes.
    /// - Throws: ``DeviceError/outOfRange(offsetBytes:count:sizeBytes:)`` past the end; ``DeviceError/failed(operation:path:reason:)``.
    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8]

    /// Fills `buffer`, which costs no new memory. It has a default; what lies on multiples of 4 KiB, in memory too, is
    /// fastest.
    /// - Throws: As ``read(at:count:)``; what stands in the buffer then says nothing.
    func read(at offsetBytes: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DeviceError)

    /// Writes all of `bytes`. They may be lost, or torn between sectors, until ``flush()`` returns.
    /// Offset and count need no alignment; aligned ones are faster.
    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError)

    /// Returns when everything written before is durable.
    func flush() throws(DeviceError)
}

extension BlockDevice {
    public func read(at offsetBytes: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        let bytes = try read(at: offsetBytes, count: buffer.count)
        unsafe buffer.copyBytes(from: bytes)
    }

    public func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(DeviceError) {
        try write(bytes[...], at: offsetBytes)
    }

    /// Whether `count` bytes from `offsetBytes` lie on the device; safe against overflow.
    public func contains(offsetBytes: UInt64, count: Int) -> Bool {
        count >= 0 && offsetBytes <= sizeBytes && UInt64(count) <= sizeBytes - offsetBytes
    }

    /// Throws unless the range lies on the device; every implementation calls it first.
    public func checkRange(_ offsetBytes: UInt64, _ count: Int) throws(DeviceError) {
        guard contains(offsetBytes: offsetBytes, count: count) else {
            throw .outOfRange(offsetBytes: offsetBytes, count: count, sizeBytes: sizeBytes)
        }
    }
}
