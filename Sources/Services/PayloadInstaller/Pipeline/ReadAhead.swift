internal import Dispatch
internal import SlotDevice
internal import Synchronization

/// Reads a run of a device in order, a few pieces before they are asked for.
final class ReadAhead: Sendable {
    static let pieceByteCount = 128 << 10

    private struct State {
        var ready: [Result<[UInt8], DeviceError>] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let room: DispatchSemaphore

    /// - Parameters:
    ///   - range: In bytes; it must lie on the device.
    ///   - pieces: How many pieces may wait.
    init(_ device: any BlockDevice, _ range: Range<UInt64>, pieces: Int = 3) {
        // A semaphore may not end below the value that it began with.
        room = DispatchSemaphore(value: 0)
        for _ in 0..<pieces { room.signal() }
        DispatchQueue(label: "martlet.read-ahead").async { [self] in fill(from: device, range) }
    }

    /// The next piece. Not to be called more often than there are pieces, nor after a failure.
    func next() throws(DeviceError) -> [UInt8] {
        filled.wait()
        let piece = state.withLock { $0.ready.removeFirst() }
        room.signal()
        return try piece.get()
    }

    /// Says that nothing more will be asked for.
    func stop() {
        state.withLock { $0.isStopped = true }
        room.signal()
    }

    private func fill(from device: any BlockDevice, _ range: Range<UInt64>) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            room.wait()
            if state.withLock({ $0.isStopped }) { return }
            let count = Int(min(UInt64(Self.pieceByteCount), range.upperBound - offset))
            let piece: Result<[UInt8], DeviceError>
            do throws(DeviceError) {
                piece = .success(try device.read(at: offset, count: count))
            } catch {
                piece = .failure(error)
            }
            state.withLock { $0.ready.append(piece) }
            filled.signal()
            if case .failure = piece { return }
            offset += UInt64(count)
        }
    }
}
