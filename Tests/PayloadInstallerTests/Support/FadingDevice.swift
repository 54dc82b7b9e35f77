import SlotDevice
import Synchronization

/// A device in memory that reads as it should until all of it has been read once, and as something else from then on.
final class FadingDevice: BlockDevice {
    let sizeBytes: UInt64
    let sectorSizeBytes = 512
    private let memory: MemoryBlockDevice
    private let bytesUntilFading: UInt64
    private let read = Mutex<UInt64>(0)

    /// - Parameter bytesUntilFading: `nil`: as many as there are.
    init(_ bytes: [UInt8], bytesUntilFading: UInt64? = nil) {
        memory = MemoryBlockDevice(bytes)
        sizeBytes = UInt64(bytes.count)
        self.bytesUntilFading = bytesUntilFading ?? UInt64(bytes.count)
    }

    var bytesRead: UInt64 { read.withLock { $0 } }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        let isFaded = read.withLock { sum in
            defer { sum += UInt64(count) }
            return sum >= bytesUntilFading
        }
        let bytes = try memory.read(at: offsetBytes, count: count)
        return isFaded ? bytes.map { ~$0 } : bytes
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try memory.write(bytes, at: offsetBytes)
    }

    func flush() {}
}
