internal import Dispatch
internal import SlotDevice
internal import Synchronization

/// Reads a run of a device in order, a few pieces before they are asked for.
final class ReadAhead: Sendable {
    /// Below half a MiB, a disk that is read past the system's cache gives much less than it could.
    static let pieceByteCount = 512 << 10

    private struct State {
        var ready: [Result<TransferBuffer, DeviceError>] = []
        /// Buffers that wait to be used again.
        var spare: [TransferBuffer] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let room: DispatchSemaphore

    /// - Parameters:
    ///   - range: In bytes; it must lie on the device.
    ///   - pieces: How many pieces there may be, that which is worked on included.
    init(_ device: any BlockDevice, _ range: Range<UInt64>, pieces: Int = 3) {
        // A semaphore may not end below the value that it began with.
        room = DispatchSemaphore(value: 0)
        for _ in 0..<pieces { room.signal() }
        DispatchQueue(label: "martlet.read-ahead").async { [self] in fill(from: device, range) }
    }

    /// The next piece, to be given back with ``done(_:)``. Not to be called more often than there are pieces, nor after a
    /// failure.
    func next() throws(DeviceError) -> TransferBuffer {
        filled.wait()
        return try state.withLock { $0.ready.removeFirst() }.get()
    }

    /// Takes back a piece that has been worked on.
    func done(_ piece: TransferBuffer) {
        piece.clear()
        state.withLock { $0.spare.append(piece) }
        room.signal()
    }

    /// Says that nothing more will be asked for.
    func stop() {
        state.withLock { $0.isStopped = true }
        room.signal()
    }

    private func fill(from device: any BlockDevice, _ range: Range<UInt64>) {
        let capacity = Int(min(UInt64(Self.pieceByteCount), range.upperBound - range.lowerBound))
        var offset = range.lowerBound
        while offset < range.upperBound {
            room.wait()
            let (isStopped, spare) = state.withLock { ($0.isStopped, $0.spare.popLast()) }
            if isStopped { return }
            let buffer = spare ?? TransferBuffer(capacity: capacity)
            let count = Int(min(UInt64(capacity), range.upperBound - offset))
            let piece: Result<TransferBuffer, DeviceError>
            do throws(DeviceError) {
                try buffer.append(from: device, at: offset, count: count)
                piece = .success(buffer)
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
