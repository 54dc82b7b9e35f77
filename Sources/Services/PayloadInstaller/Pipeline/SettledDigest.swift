internal import ContentTrust
internal import Dispatch
internal import SlotDevice
internal import Synchronization
internal import UpdateModel

/// Re-reads a device from its start as far as it is durable, and hashes it, while the rest is still being written.
///
/// Only what was flushed before it is read counts: where something that was hashed is written again, nothing is hashed
/// before the end.
final class SettledDigest: Sendable {
    private struct State {
        var digest = StreamDigest()
        var hashedBytes: UInt64 = 0
        /// Hashed, or about to be.
        var claimedBytes: UInt64 = 0
        var waitsForEnd = false
        var failure: DeviceError?
    }

    private let device: any BlockDevice
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.read-back")

    init(_ device: any BlockDevice) { self.device = device }

    /// Everything before `offsetBytes` has been written, and is durable once `flush` returns, which is called on another
    /// thread.
    func written(upTo offsetBytes: UInt64, flush: @escaping @Sendable () throws(DeviceError) -> Void) {
        let isNew = state.withLock { state in
            guard !state.waitsForEnd, offsetBytes > state.claimedBytes else { return false }
            state.claimedBytes = offsetBytes
            return true
        }
        guard isNew else { return }
        queue.async {
            do throws(DeviceError) { try flush() } catch { return self.fail(error) }
            self.hash(upTo: offsetBytes)
        }
    }

    /// Says that something from `offsetBytes` on will be written. Waits for what is being read.
    func willWrite(at offsetBytes: UInt64) {
        guard state.withLock({ $0.claimedBytes > offsetBytes }) else { return }
        queue.sync {
            state.withLock { state in
                state = State()
                state.waitsForEnd = true
            }
        }
    }

    /// Waits until nothing is being read.
    func rest() { queue.sync {} }

    /// SHA-256 of the first `byteCount` bytes, all of which are durable now and not fewer than were so before.
    func finish(byteCount: UInt64) throws(DeviceError) -> SHA256Digest {
        queue.sync { hash(upTo: byteCount) }
        let (digest, failure) = state.withLock { ($0.digest, $0.failure) }
        if let failure { throw failure }
        return digest.finalized()
    }

    private func hash(upTo end: UInt64) {
        var (digest, start) = state.withLock { ($0.digest, $0.hashedBytes) }
        guard state.withLock({ $0.failure == nil }), start < end else { return }
        do throws(DeviceError) {
            try device.forEachPiece(of: start..<end) { (piece, _) throws(DeviceError) in digest.update(piece) }
        } catch {
            return fail(error)
        }
        state.withLock { ($0.digest, $0.hashedBytes) = (digest, end) }
    }

    private func fail(_ error: DeviceError) { state.withLock { $0.failure = $0.failure ?? error } }
}

extension BlockDevice {
    /// Reads `range` in order, with the next pieces on their way while `body` works on one.
    func forEachPiece<Failure: Error>(
        of range: Range<UInt64>, failure: (DeviceError) -> Failure,
        _ body: (ArraySlice<UInt8>, UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        let reader = ReadAhead(self, range)
        defer { reader.stop() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let piece: TransferBuffer
            do throws(DeviceError) { piece = try reader.next() } catch { throw failure(error) }
            try body(piece.bytes, offset)
            offset += UInt64(piece.byteCount)
            reader.done(piece)
        }
    }

    func forEachPiece(
        of range: Range<UInt64>, _ body: (ArraySlice<UInt8>, UInt64) throws(DeviceError) -> Void
    ) throws(DeviceError) {
        try forEachPiece(of: range, failure: { $0 }, body)
    }
}
