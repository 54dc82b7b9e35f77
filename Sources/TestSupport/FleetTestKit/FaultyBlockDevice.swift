package import SlotDevice
import Synchronization

/// A disk in memory with a write cache that forgets: see ``PowerSupply`` and ``CacheSurvival``.
package final class FaultyBlockDevice: BlockDevice {
    private struct State {
        var medium: VolatileMedium
        var isInterrupted = false
    }

    package let sizeBytes: UInt64
    package let sectorSizeBytes: Int
    package let name: String
    private let power: PowerSupply
    private let state: Mutex<State>

    /// - Parameter bytes: what the medium holds, durably.
    package init(_ bytes: [UInt8], name: String = "disk", sectorSizeBytes: Int = 512, power: PowerSupply) {
        self.sizeBytes = UInt64(bytes.count)
        self.sectorSizeBytes = sectorSizeBytes
        self.name = name
        self.power = power
        self.state = Mutex(State(medium: VolatileMedium(bytes, sectorSizeBytes: sectorSizeBytes)))
        power.register { [weak self] survival, random in self?.losePower(survival, &random) }
    }

    package convenience init(
        sizeBytes: Int, name: String = "disk", sectorSizeBytes: Int = 512, power: PowerSupply
    ) {
        self.init([UInt8](repeating: 0, count: sizeBytes), name: name, sectorSizeBytes: sectorSizeBytes, power: power)
    }

    package func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try checkRange(offsetBytes, count)
        guard power.isOn else { throw .powerLost }
        let start = Int(offsetBytes)
        return state.withLock { Array($0.medium.current[start..<start + count]) }
    }

    package func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        switch power.begin() {
        case .proceed:
            state.withLock { $0.medium.write(bytes, at: Int(offsetBytes)) }
        case .cutNow:
            state.withLock {
                $0.medium.write(bytes, at: Int(offsetBytes))
                $0.isInterrupted = true
            }
            throw .powerLost
        case .off: throw .powerLost
        case .fail: throw .injected("write", name)
        }
    }

    package func flush() throws(DeviceError) {
        switch power.begin() {
        case .proceed: state.withLock { $0.medium.flush() }
        case .cutNow, .off: throw .powerLost
        case .fail: throw .injected("flush", name)
        }
    }

    /// What a reader sees, written or not.
    package var bytes: [UInt8] { state.withLock { $0.medium.current } }

    private func losePower(_ survival: CacheSurvival, _ random: inout SeededRandom) {
        // The lock's closure may not capture an inout value: the generator goes in and comes out.
        let before = random
        random = state.withLock { state in
            var chance = before
            state.medium.losePower(survival, isInterrupted: state.isInterrupted, &chance)
            state.isInterrupted = false
            return chance
        }
    }
}
