package import SlotDevice

/// Small files in the engine's own directory, each replaced as a whole and durable on return.
///
/// Works on any ``FileArea``, so that the tests can cut the power under it.
package struct StateFiles: Sendable {
    private let area: any FileArea

    package init(_ area: any FileArea) { self.area = area }

    /// `nil` when there is none.
    /// - Throws: ``DeviceError``; a file larger than `limit` counts as unreadable.
    package func read(_ name: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        guard let file = try area.open(name) else { return nil }
        guard file.sizeBytes <= UInt64(limit) else {
            throw .failed(operation: "read", path: name, reason: "it is larger than \(limit) bytes")
        }
        return try file.read(at: 0, count: Int(file.sizeBytes))
    }

    /// Written aside, made durable, renamed: after a power cut there is the old content or the new one.
    package func replace(_ name: String, with bytes: [UInt8]) throws(DeviceError) {
        let aside = ".\(name).new"
        let file = try area.create(aside, sizeBytes: UInt64(bytes.count))
        try file.write(bytes, at: 0)
        try file.flush()
        try area.rename(aside, to: name)
    }

    /// Succeeds when there is none.
    package func remove(_ name: String) throws(DeviceError) { try area.remove(name) }

    /// Puts a file that cannot be used where a person can look at it.
    package func putAside(_ name: String) throws(DeviceError) { try area.rename(name, to: "\(name).damaged") }
}
