package import HostLinux
package import SlotDevice

/// A partition in a file of its own, onto which a log's writes are replayed.
package final class ReplayedImage {
    package let path: String
    package let device: FileBlockDevice
    private let log: any BlockDevice

    /// - Parameters:
    ///   - path: the partition as it was before the log began; it is changed.
    ///   - log: from which the writes take their bytes.
    package init(path: String, log: any BlockDevice) throws(EspProofError) {
        self.path = path
        self.log = log
        do { self.device = try FileBlockDevice(path: path, access: .readWrite) } catch { throw .device(error) }
    }

    /// Makes all of `window` so.
    package func apply(_ window: [DiskWrite]) throws(EspProofError) {
        for write in window { try apply(write, count: write.count) }
    }

    /// Makes of `window` what the cut left, lets `body` look, and takes it back.
    package func withState<Result>(
        _ state: CutState, of window: [DiskWrite], _ body: () async throws -> Result
    ) async throws -> Result {
        var before: [(offset: UInt64, bytes: [UInt8])] = []
        for part in state.parts {
            let write = window[part.index]
            let count = part.count ?? write.count
            before.append((write.offsetBytes, try attempt { () throws(DeviceError) in
                try device.read(at: write.offsetBytes, count: count)
            }))
            try apply(write, count: count)
        }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for (offset, bytes) in before.reversed() {
            try attempt { () throws(DeviceError) in try device.write(bytes, at: offset) }
        }
        return try result.get()
    }

    private func apply(_ write: DiskWrite, count: Int) throws(EspProofError) {
        try attempt { () throws(DeviceError) in
            try device.write(try log.read(at: write.logOffsetBytes, count: count), at: write.offsetBytes)
        }
    }

    private func attempt<Value>(_ body: () throws(DeviceError) -> Value) throws(EspProofError) -> Value {
        do { return try body() } catch { throw .device(error) }
    }
}
