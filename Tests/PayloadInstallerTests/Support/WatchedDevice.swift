import SlotDevice
import Synchronization

/// A device in memory that counts what is done to it, and fails or lies when told to.
final class WatchedDevice: BlockDevice {
    struct Events {
        var writes = 0
        var flushes = 0
        var bytesRead: UInt64 = 0
    }

    let sizeBytes: UInt64
    let sectorSizeBytes = 512
    private let memory: MemoryBlockDevice
    private let writesUntilFailure: Int?
    private let readsFlipped: Bool
    private let state = Mutex(Events())

    /// - Parameters:
    ///   - writesUntilFailure: After so many writes the power goes.
    ///   - readsFlipped: Reading gives other bytes than were written.
    init(_ bytes: [UInt8], writesUntilFailure: Int? = nil, readsFlipped: Bool = false) {
        self.memory = MemoryBlockDevice(bytes)
        self.sizeBytes = UInt64(bytes.count)
        self.writesUntilFailure = writesUntilFailure
        self.readsFlipped = readsFlipped
    }

    var events: Events { state.withLock { $0 } }
    var bytes: [UInt8] { memory.bytes }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        state.withLock { $0.bytesRead += UInt64(count) }
        let bytes = try memory.read(at: offsetBytes, count: count)
        return readsFlipped ? bytes.map { ~$0 } : bytes
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        let count = state.withLock { events in
            events.writes += 1
            return events.writes
        }
        if let writesUntilFailure, count > writesUntilFailure { throw .powerLost }
        try memory.write(bytes, at: offsetBytes)
    }

    func flush() throws(DeviceError) {
        state.withLock { $0.flushes += 1 }
        memory.flush()
    }
}
