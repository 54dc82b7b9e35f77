import BootControl
import Glibc
import SlotDevice
import Synchronization
import UpdateModel

/// Whether something refuses to be changed, as a disk does that has become read-only.
final class Refusal: Sendable {
    private let state = Mutex(false)

    var isOn: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    func check(_ path: String) throws(DeviceError) {
        guard !isOn else { throw .failed(operation: "write", path: path, reason: "read-only file system") }
    }
}

/// A boot loader's state that can be read, and changed only while nothing refuses.
struct RefusingBootControl: BootControl {
    let base: any BootControl
    let refusal: Refusal

    var booted: Slot { base.booted }
    func status(of slot: Slot) throws(BootControlError) -> SlotBootStatus { try base.status(of: slot) }
    func next() throws(BootControlError) -> Slot? { try base.next() }

    func invalidate(_ slot: Slot) throws(BootControlError) {
        try check()
        try base.invalidate(slot)
    }

    func activate(_ slot: Slot, tries: Int) throws(BootControlError) {
        try check()
        try base.activate(slot, tries: tries)
    }

    func confirm(_ slot: Slot) throws(BootControlError) {
        try check()
        try base.confirm(slot)
    }

    func reject(_ slot: Slot) throws(BootControlError) {
        try check()
        try base.reject(slot)
    }

    func spendTries(of slot: Slot) throws(BootControlError) {
        try check()
        try base.spendTries(of: slot)
    }

    private func check() throws(BootControlError) {
        do { try refusal.check("/dev/disk") } catch { throw .device(error) }
    }
}

/// A directory that can be read, and changed only while nothing refuses.
struct RefusingFileArea: FileArea {
    let base: any FileArea
    let refusal: Refusal

    func names() throws(DeviceError) -> [String] { try base.names() }
    func open(_ name: String) throws(DeviceError) -> (any BlockDevice)? { try base.open(name) }
    func freeBytes() throws(DeviceError) -> UInt64 { try base.freeBytes() }

    func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice {
        try refusal.check(name)
        return try base.create(name, sizeBytes: sizeBytes)
    }

    func rename(_ name: String, to newName: String) throws(DeviceError) {
        try refusal.check(name)
        try base.rename(name, to: newName)
    }

    func remove(_ name: String) throws(DeviceError) {
        try refusal.check(name)
        try base.remove(name)
    }
}
