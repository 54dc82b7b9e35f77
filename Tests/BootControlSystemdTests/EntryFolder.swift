import BootControl
import BootControlSystemd
import FleetTestKit
import HostLinux
import SlotDevice
import Synchronization
import UpdateModel

/// A boot image that can be told from a torn one: its first bytes say what it is, and it ends as it should.
enum TestImage {
    static let sizeBytes = 2048

    static func bytes(_ text: String) -> [UInt8] {
        let head = Array("MZ \(text)\n".utf8)
        return head + [UInt8](repeating: 0x5A, count: sizeBytes - head.count - 1) + [0xA5]
    }

    /// What was meant to be there; `nil` for anything torn.
    static func text(of file: any BlockDevice) -> String? {
        guard file.sizeBytes == UInt64(sizeBytes), let bytes = try? file.read(at: 0, count: sizeBytes),
            let end = bytes.firstIndex(of: 0x0A), bytes.starts(with: Array("MZ ".utf8)) else { return nil }
        let text = String(decoding: bytes[3..<end], as: UTF8.self)
        return bytes == self.bytes(text) ? text : nil
    }

    static func write(_ text: String, as name: String, to files: any FileArea) throws(DeviceError) {
        let file = try files.create(name, sizeBytes: UInt64(sizeBytes))
        try file.write(bytes(text), at: 0)
        try file.flush()
    }
}

extension SystemdBootModel {
    /// The loader over files made by ``TestImage``.
    init(_ files: any FileArea) {
        self.init(files: files) { _, file in TestImage.text(of: file) != nil }
    }
}

/// A folder of a slow, forgetful disk with the files of these names in it; each holds the letter of its slot.
func memoryFolder(_ names: [String], power: PowerSupply = PowerSupply()) throws -> FaultyFileArea {
    let files = FaultyFileArea(power: power)
    for name in names {
        let isB = name.contains("-b")
        // Renamed once, so that the name survives a power cut.
        try TestImage.write(isB ? "b" : "a", as: "made", to: files)
        try files.rename("made", to: name)
    }
    power.reset()
    return files
}

/// Notes what is removed.
final class WatchedFolder: FileArea {
    let removed = Mutex<[String]>([])
    private let files: any FileArea

    init(_ files: any FileArea) { self.files = files }

    func names() throws(DeviceError) -> [String] { try files.names() }
    func open(_ name: String) throws(DeviceError) -> (any BlockDevice)? { try files.open(name) }
    func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice {
        try files.create(name, sizeBytes: sizeBytes)
    }
    func rename(_ name: String, to newName: String) throws(DeviceError) { try files.rename(name, to: newName) }
    func remove(_ name: String) throws(DeviceError) {
        removed.withLock { $0.append(name) }
        try files.remove(name)
    }
    func freeBytes() throws(DeviceError) -> UInt64 { try files.freeBytes() }
}
