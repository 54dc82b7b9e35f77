internal import SlotDevice

/// Why a part of a map could not be made.
enum MapFailure: Error {
    case device(DeviceError)
    /// The image says something that cannot be.
    case nonsense
}

/// Small reads anywhere in an image, through a bounded cache.
final class ImageBytes {
    private static let windowByteCount: UInt64 = 64 << 10
    private static let windowsMax = 256

    private let device: any BlockDevice
    private var windows: [UInt64: [UInt8]] = [:]

    init(_ device: any BlockDevice) { self.device = device }

    var sizeBytes: UInt64 { device.sizeBytes }

    /// Exactly `count` bytes.
    func read(at offset: UInt64, count: Int) throws(MapFailure) -> ArraySlice<UInt8> {
        guard device.contains(offsetBytes: offset, count: count) else { throw .nonsense }
        let index = offset / Self.windowByteCount
        let within = Int(offset % Self.windowByteCount)
        let window = try window(index)
        if within + count <= window.count { return window[within..<within + count] }
        do throws(DeviceError) {
            return try device.read(at: offset, count: count)[...]
        } catch {
            throw .device(error)
        }
    }

    func fields(at offset: UInt64, count: Int) throws(MapFailure) -> LittleEndianFields {
        LittleEndianFields(try read(at: offset, count: count))
    }

    private func window(_ index: UInt64) throws(MapFailure) -> [UInt8] {
        if let window = windows[index] { return window }
        let start = index * Self.windowByteCount
        let count = Int(min(Self.windowByteCount, device.sizeBytes - start))
        do throws(DeviceError) {
            let window = try device.read(at: start, count: count)
            if windows.count >= Self.windowsMax { windows.removeAll(keepingCapacity: true) }
            windows[index] = window
            return window
        } catch {
            throw .device(error)
        }
    }
}

/// A structure of numbers, the lowest byte first. A field beyond its end is nonsense, not a trap.
struct LittleEndianFields {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    func byte(_ offset: Int) throws(MapFailure) -> Int { Int(try number(offset, 1)) }
    func word(_ offset: Int) throws(MapFailure) -> Int { Int(try number(offset, 2)) }
    func long(_ offset: Int) throws(MapFailure) -> UInt64 { try number(offset, 4) }
    func quad(_ offset: Int) throws(MapFailure) -> UInt64 { try number(offset, 8) }

    private func number(_ offset: Int, _ count: Int) throws(MapFailure) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - count else { throw .nonsense }
        let start = bytes.startIndex + offset
        var value: UInt64 = 0
        for index in (start..<start + count).reversed() { value = value << 8 | UInt64(bytes[index]) }
        return value
    }
}

/// What a walk over a file system may cost, whatever the image says.
struct WalkBudget {
    static let depthMax = 64
    /// Directories are read whole.
    static let directoryBytesMax: UInt64 = 32 << 20

    private var filesLeft = 1 << 20
    private var runsLeft = 1 << 22
    private var directoryBytesLeft: UInt64 = 512 << 20

    mutating func takeFile() throws(MapFailure) {
        filesLeft -= 1
        guard filesLeft >= 0 else { throw .nonsense }
    }

    mutating func takeRun() throws(MapFailure) {
        runsLeft -= 1
        guard runsLeft >= 0 else { throw .nonsense }
    }

    mutating func takeDirectory(_ byteCount: UInt64) throws(MapFailure) {
        guard byteCount <= Self.directoryBytesMax, byteCount <= directoryBytesLeft else { throw .nonsense }
        directoryBytesLeft -= byteCount
    }
}
