import SlotDevice
import Synchronization

/// One file of a ``FaultyFileArea``, under whatever name.
final class FaultyFile: Sendable {
    private struct State {
        var medium = VolatileMedium([], sectorSizeBytes: 512)
        var isInterrupted = false
    }

    private let name: String
    private let power: PowerSupply
    private let state = Mutex(State())

    init(name: String, power: PowerSupply) {
        self.name = name
        self.power = power
    }

    var sizeBytes: UInt64 { state.withLock { UInt64($0.medium.current.count) } }

    func resize(to count: Int) {
        state.withLock { if $0.medium.current.count != count { $0.medium.resize(to: count) } }
    }

    /// - Parameter whenFlushed: called after each flush.
    func device(isWritable: Bool, whenFlushed: @escaping @Sendable () -> Void = {}) -> any BlockDevice {
        Handle(file: self, sizeBytes: sizeBytes, isWritable: isWritable, whenFlushed: whenFlushed)
    }

    func losePower(_ survival: CacheSurvival, _ random: inout SeededRandom) {
        let before = random
        random = state.withLock { state in
            var chance = before
            state.medium.losePower(survival, isInterrupted: state.isInterrupted, &chance)
            state.isInterrupted = false
            return chance
        }
    }

    private struct Handle: BlockDevice {
        let file: FaultyFile
        let sizeBytes: UInt64
        let isWritable: Bool
        let whenFlushed: @Sendable () -> Void
        var sectorSizeBytes: Int { 512 }

        func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
            try checkRange(offsetBytes, count)
            guard file.power.isOn else { throw .powerLost }
            let start = Int(offsetBytes)
            let bytes: [UInt8]? = file.state.withLock { state in
                start + count <= state.medium.current.count ? Array(state.medium.current[start..<start + count]) : nil
            }
            guard let bytes else {
                throw .failed(operation: "read", path: file.name, reason: "it ends before its size")
            }
            return bytes
        }

        func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
            try checkRange(offsetBytes, bytes.count)
            guard isWritable else {
                throw .failed(operation: "write", path: file.name, reason: "Bad file descriptor")
            }
            let verdict = file.power.begin()
            switch verdict {
            case .proceed, .cutNow:
                file.state.withLock { state in
                    guard Int(offsetBytes) + bytes.count <= state.medium.current.count else { return }
                    state.medium.write(bytes, at: Int(offsetBytes))
                    state.isInterrupted = verdict == .cutNow
                }
                if verdict == .cutNow { throw .powerLost }
            case .off: throw .powerLost
            case .fail: throw .injected("write", file.name)
            }
        }

        func flush() throws(DeviceError) {
            switch file.power.begin() {
            case .proceed:
                file.state.withLock { $0.medium.flush() }
                whenFlushed()
            case .cutNow, .off: throw .powerLost
            case .fail: throw .injected("flush", file.name)
            }
        }
    }
}
