/// A small directory that the boot loader reads, such as `/boot/flatcar`: whole files, replaced by renaming.
///
/// Names are single path components. `FileAreaContract` in FleetTestKit checks every implementation.
public protocol FileArea: Sendable {
    /// The files that are there, sorted.
    func names() throws(DeviceError) -> [String]

    /// The file as a device of its present size, for reading; `nil` when there is none.
    func open(_ name: String) throws(DeviceError) -> (any BlockDevice)?

    /// The file, made or resized to `sizeBytes` (what it held within that size is kept), for reading and writing.
    func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice

    /// Puts `name` in the place of `newName`, as one step; durable on return. The file's own bytes must be flushed before.
    func rename(_ name: String, to newName: String) throws(DeviceError)

    /// Durable on return. Succeeds when there is none.
    func remove(_ name: String) throws(DeviceError)

    /// Room left for new files.
    func freeBytes() throws(DeviceError) -> UInt64
}
