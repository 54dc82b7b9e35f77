import Synchronization

/// A directory whose files are written no faster than a given rate.
///
/// A file grows while it is written, and not at once when it is made: FAT has no holes, so giving a file its length
/// writes that many zeros, in one burst that no pace holds. Until all of it has been written or read, it is therefore
/// shorter than was asked for.
public struct PacedFileArea: FileArea {
    private let files: any FileArea
    private let pace: WritePace

    public init(_ files: any FileArea, pace: WritePace) {
        self.files = files
        self.pace = pace
    }

    public func names() throws(DeviceError) -> [String] { try files.names() }

    public func open(_ name: String) throws(DeviceError) -> (any BlockDevice)? { try files.open(name) }

    public func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice {
        guard pace.isLimited else { return PacedBlockDevice(try files.create(name, sizeBytes: sizeBytes), pace: pace) }
        let present = try files.open(name)?.sizeBytes ?? 0
        let file = try files.create(name, sizeBytes: min(present, sizeBytes))
        let growing = GrowingFile(file, name: name, in: files, sizeBytes: sizeBytes, pace: pace)
        return PacedBlockDevice(growing, pace: pace)
    }

    public func rename(_ name: String, to newName: String) throws(DeviceError) { try files.rename(name, to: newName) }

    public func remove(_ name: String) throws(DeviceError) { try files.remove(name) }

    public func freeBytes() throws(DeviceError) -> UInt64 { try files.freeBytes() }
}

/// A file that is as long as it has to be for what was written or read so far.
private final class GrowingFile: BlockDevice {
    let sizeBytes: UInt64
    let sectorSizeBytes: Int
    private let name: String
    private let files: any FileArea
    private let pace: WritePace
    /// The file at its present length.
    private let present: Mutex<any BlockDevice>

    init(_ file: any BlockDevice, name: String, in files: any FileArea, sizeBytes: UInt64, pace: WritePace) {
        self.sizeBytes = sizeBytes
        self.sectorSizeBytes = file.sectorSizeBytes
        self.name = name
        self.files = files
        self.pace = pace
        self.present = Mutex(file)
    }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try checkRange(offsetBytes, count)
        try grow(to: offsetBytes + UInt64(count))
        return try file.read(at: offsetBytes, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        try grow(to: offsetBytes)
        let end = offsetBytes + UInt64(bytes.count)
        if file.sizeBytes < end { try setLength(end) }
        try file.write(bytes, at: offsetBytes)
    }

    func flush() throws(DeviceError) { try file.flush() }

    private var file: any BlockDevice { present.withLock { $0 } }

    /// Fills the gap up to `end` with zeros, as fast as anything else is written.
    private func grow(to end: UInt64) throws(DeviceError) {
        while file.sizeBytes < end {
            let length = min(end, file.sizeBytes + UInt64(pace.flushBytes))
            let count = Int(length - file.sizeBytes)
            let isFlushDue = pace.begin(writing: count)
            try setLength(length)
            if isFlushDue { try file.flush() }
            pace.wait()
        }
    }

    private func setLength(_ length: UInt64) throws(DeviceError) {
        let longer = try files.create(name, sizeBytes: length)
        present.withLock { $0 = longer }
    }
}
