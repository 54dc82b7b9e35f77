import Synchronization

/// A device in memory: durable at once, gone with the process.
public final class MemoryBlockDevice: BlockDevice {
    public let sizeBytes: UInt64
    public let sectorSizeBytes: Int
    private let contents: Mutex<[UInt8]>

    public init(sizeBytes: UInt64, sectorSizeBytes: Int = 512) {
        self.sizeBytes = sizeBytes
        self.sectorSizeBytes = sectorSizeBytes
        self.contents = Mutex([UInt8](repeating: 0, count: Int(sizeBytes)))
    }

    public init(_ bytes: [UInt8], sectorSizeBytes: Int = 512) {
        self.sizeBytes = UInt64(bytes.count)
        self.sectorSizeBytes = sectorSizeBytes
        self.contents = Mutex(bytes)
    }

    public func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try checkRange(offsetBytes, count)
        let start = Int(offsetBytes)
        return contents.withLock { Array($0[start..<start + count]) }
    }

    public func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        let start = Int(offsetBytes)
        contents.withLock { $0.replaceSubrange(start..<start + bytes.count, with: bytes) }
    }

    public func flush() {}

    /// Everything on the device.
    public var bytes: [UInt8] { contents.withLock { $0 } }
}
