package import SlotDevice
import Synchronization

/// A small directory on a disk that forgets: names change in one durable step, content survives only if it was flushed.
///
/// A file that was made and never flushed may be gone, or be there and hold nothing, when the power returns.
package final class FaultyFileArea: FileArea {
    private struct State {
        /// What is there while the power is on.
        var names: [String: FaultyFile] = [:]
        /// What is there after a power cut, besides what chance keeps.
        var durableNames: [String: FaultyFile] = [:]
    }

    private let power: PowerSupply
    private let capacityBytes: UInt64
    private let state = Mutex(State())

    package init(capacityBytes: UInt64 = 64 << 20, power: PowerSupply) {
        self.capacityBytes = capacityBytes
        self.power = power
        power.register { [weak self] survival, random in self?.losePower(survival, &random) }
    }

    package func names() throws(DeviceError) -> [String] {
        guard power.isOn else { throw .powerLost }
        return state.withLock { $0.names.keys.sorted() }
    }

    package func open(_ name: String) throws(DeviceError) -> (any BlockDevice)? {
        try check(name)
        guard power.isOn else { throw .powerLost }
        return state.withLock { $0.names[name] }?.device(isWritable: false)
    }

    package func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice {
        try check(name)
        switch power.begin() {
        case .proceed, .cutNow: break
        case .off: throw .powerLost
        case .fail: throw .injected("create", name)
        }
        let file: FaultyFile? = state.withLock { state in
            let old = state.names[name]
            let others = state.names.values.reduce(UInt64(0)) { $0 + $1.sizeBytes } - (old?.sizeBytes ?? 0)
            guard sizeBytes <= capacityBytes, others <= capacityBytes - sizeBytes else { return nil }
            let file = old ?? FaultyFile(name: name, power: power)
            file.resize(to: Int(sizeBytes))
            state.names[name] = file
            return file
        }
        guard let file else { throw .full(path: name) }
        guard power.isOn else { throw .powerLost }
        return file.device(isWritable: true) { [weak self] in self?.keepName(of: file) }
    }

    package func rename(_ name: String, to newName: String) throws(DeviceError) {
        try check(name)
        try check(newName)
        try change("rename", name) { names in
            guard let file = names.removeValue(forKey: name) else { return false }
            names[newName] = file
            return true
        }
    }

    package func remove(_ name: String) throws(DeviceError) {
        try check(name)
        try change("remove", name) { names in
            names[name] = nil
            return true
        }
    }

    package func freeBytes() throws(DeviceError) -> UInt64 {
        guard power.isOn else { throw .powerLost }
        return capacityBytes - state.withLock { $0.names.values.reduce(UInt64(0)) { $0 + $1.sizeBytes } }
    }

    /// One step that is durable on return. Cut in the middle, it has happened or not: here, not; the step after it
    /// covers the other case.
    private func change(
        _ operation: String, _ name: String, _ body: @Sendable (inout [String: FaultyFile]) -> Bool
    ) throws(DeviceError) {
        switch power.begin() {
        case .proceed: break
        case .cutNow, .off: throw .powerLost
        case .fail: throw .injected(operation, name)
        }
        let isDone = state.withLock { state in
            guard body(&state.names) else { return false }
            state.durableNames = state.names
            return true
        }
        guard isDone else {
            throw .failed(operation: operation, path: name, reason: "No such file or directory")
        }
    }

    private func keepName(of file: FaultyFile) {
        state.withLock { state in
            for (name, known) in state.names where known === file { state.durableNames[name] = known }
        }
    }

    private func losePower(_ survival: CacheSurvival, _ random: inout SeededRandom) {
        let before = random
        random = state.withLock { state in
            var chance = before
            let keepsNames = survival == .kept || survival == .scattered && Bool.random(using: &chance)
            if !keepsNames { state.names = state.durableNames }
            state.durableNames = state.names
            for name in state.names.keys.sorted() { state.names[name]?.losePower(survival, &chance) }
            return chance
        }
    }

    private func check(_ name: String) throws(DeviceError) {
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.contains("\0") else {
            throw .failed(operation: "open", path: name, reason: "a file name cannot be “\(name)”")
        }
    }
}
