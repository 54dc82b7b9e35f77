internal import Dispatch
package import SlotDevice
internal import Synchronization

/// A device whose writes go on while the next are being made.
///
/// What is written is gathered into pieces that begin and end on multiples of 1 MiB, and a few of them are on their way at
/// once. Reading and flushing wait for them where they must, so that one caller sees what it wrote. A write that failed
/// is told by a later call; from then on every call tells it. Whoever is done calls ``settle()`` or ``flush()``: what is
/// still being gathered is lost otherwise.
package final class WriteBehindDevice: BlockDevice {
    /// The size and the alignment of what is written at once.
    package static let pieceByteCount = 1 << 20

    private struct State {
        /// Not yet on its way; begins at `gatheringOffset`.
        var gathering: TransferBuffer?
        var gatheringOffset: UInt64 = 0
        /// Buffers that wait to be used again.
        var spare: [TransferBuffer] = []
        var submittedCount = 0
        var acceptedByteCount: UInt64 = 0
        var underway: [Range<UInt64>] = []
        var failure: DeviceError?

        var gatheredRange: Range<UInt64> { gatheringOffset..<gatheringOffset + UInt64(gathering?.byteCount ?? 0) }
    }

    /// Of what was written, never more is gathered and on its way, with two writes at once: once so much has been written
    /// after it, something stands on the device.
    package static let waitingByteCountMax = UInt64(4 * pieceByteCount)

    package var sizeBytes: UInt64 { device.sizeBytes }
    package var sectorSizeBytes: Int { device.sectorSizeBytes }

    private let device: any BlockDevice
    private let state = Mutex(State())
    /// One for each write that may be on its way: a queue of its own has a thread of its own.
    private let queues: [DispatchQueue]
    /// As many as writes may still be begun.
    private let room: DispatchSemaphore

    /// - Parameter writesAtOnce: How many pieces may be on their way.
    package init(_ device: any BlockDevice, writesAtOnce: Int = 2) {
        precondition(writesAtOnce > 0, "Something must be written at some time.")
        self.device = device
        self.queues = (0..<writesAtOnce).map { DispatchQueue(label: "martlet.write-behind.\($0)") }
        // A semaphore may not end below the value that it began with.
        self.room = DispatchSemaphore(value: 0)
        for _ in 0..<writesAtOnce { room.signal() }
    }

    package func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try awaitWrites(of: offsetBytes, count)
        return try device.read(at: offsetBytes, count: count)
    }

    package func read(at offsetBytes: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        try awaitWrites(of: offsetBytes, buffer.count)
        try unsafe device.read(at: offsetBytes, into: buffer)
    }

    /// What was written there stands on the device on return.
    private func awaitWrites(of offsetBytes: UInt64, _ count: Int) throws(DeviceError) {
        try checkRange(offsetBytes, count)
        let range = offsetBytes..<offsetBytes + UInt64(count)
        let isGathered = state.withLock { $0.gatheredRange.overlaps(range) }
        if isGathered { submitGathered() }
        if state.withLock({ $0.underway.contains { $0.overlaps(range) } }) { wait() }
        try throwFailure()
    }

    package func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        try throwFailure()
        var (rest, offset) = (bytes, offsetBytes)
        while !rest.isEmpty {
            let piece = rest.prefix(Self.pieceByteCount - Int(offset % UInt64(Self.pieceByteCount)))
            gather(piece, at: offset)
            offset += UInt64(piece.count)
            rest = rest.dropFirst(piece.count)
        }
    }

    package func flush() throws(DeviceError) {
        settle()
        try throwFailure()
        try flushWritten()
    }

    /// Waits until everything that was written stands on the device; it may not be durable yet.
    package func settle() {
        submitGathered()
        wait()
    }

    /// Makes durable what stands on the device by now, and leaves alone what is on its way. May be called on any thread.
    package func flushWritten() throws(DeviceError) {
        do throws(DeviceError) {
            try device.flush()
        } catch {
            // The system tells it once; it must not be lost.
            state.withLock { $0.failure = $0.failure ?? error }
            throw error
        }
    }

    /// How many bytes have been written since it was made.
    package var acceptedByteCount: UInt64 { state.withLock { $0.acceptedByteCount } }

    /// The first write that failed, if one has by now.
    package func throwFailure() throws(DeviceError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Takes bytes that do not reach over a multiple of the piece's size.
    private func gather(_ bytes: ArraySlice<UInt8>, at offset: UInt64) {
        let follows = state.withLock { $0.gathering == nil || $0.gatheredRange.upperBound == offset }
        if !follows { submitGathered() }
        let isComplete = state.withLock { state in
            let buffer = state.gathering ?? state.spare.popLast() ?? TransferBuffer(capacity: Self.pieceByteCount)
            if state.gathering == nil { (state.gathering, state.gatheringOffset) = (buffer, offset) }
            buffer.append(bytes)
            state.acceptedByteCount += UInt64(bytes.count)
            return state.gatheredRange.upperBound % UInt64(Self.pieceByteCount) == 0
        }
        if isComplete { submitGathered() }
    }

    private func submitGathered() {
        let (buffer, range) = state.withLock { state in
            defer { state.gathering = nil }
            return (state.gathering, state.gatheredRange)
        }
        guard let buffer else { return }
        // Two writes to one place must not overtake each other.
        if state.withLock({ $0.underway.contains { $0.overlaps(range) } }) { wait() }
        room.wait()
        let queue = state.withLock { state in
            state.underway.append(range)
            state.submittedCount += 1
            return queues[state.submittedCount % queues.count]
        }
        queue.async { self.put(buffer, range) }
    }

    private func put(_ buffer: TransferBuffer, _ range: Range<UInt64>) {
        var failure = state.withLock { $0.failure }
        if failure == nil {
            do throws(DeviceError) { try device.write(buffer.bytes, at: range.lowerBound) } catch { failure = error }
        }
        buffer.clear()
        state.withLock { state in
            state.failure = state.failure ?? failure
            if let index = state.underway.firstIndex(of: range) { state.underway.remove(at: index) }
            state.spare.append(buffer)
        }
        room.signal()
    }

    private func wait() {
        for _ in queues { room.wait() }
        for _ in queues { room.signal() }
    }
}
