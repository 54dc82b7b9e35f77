/// A payload's bytes on their way to the guest.
package struct Download: Hashable, Sendable {
    package let path: String
    /// The first byte that the guest asked for; 0 for the whole.
    package let firstByte: UInt64
    /// Bytes of the body that were handed on. The guest may have got a little less when it was cut off.
    package internal(set) var servedBytes: UInt64 = 0
    package let began: ContinuousClock.Instant
    /// When the last byte so far was handed on.
    package internal(set) var lastByteAt: ContinuousClock.Instant
    package internal(set) var hasEnded = false

    init(path: String, firstByte: UInt64, began: ContinuousClock.Instant) {
        self.path = path
        self.firstByte = firstByte
        self.began = began
        self.lastByteAt = began
    }

    /// The place in the payload behind the last byte that was handed on.
    package var position: UInt64 { firstByte + servedBytes }
}

/// Tells the head of an answer from its body.
package struct AnswerCounter {
    private var head: [UInt8]? = []

    package init() {}

    /// How many bytes of `piece` belong to the body.
    package mutating func bodyBytes(in piece: [UInt8]) -> Int {
        guard let seen = head else { return piece.count }
        let whole = seen + piece
        guard let end = HeadEnd.find(in: whole) else {
            head = whole
            return 0
        }
        head = nil
        return whole.count - end
    }
}

/// Lets bytes pass at a rate, which may change at any time.
package struct Pace {
    /// `nil`: as fast as they come.
    package var bytesPerSecond: Int?
    private var freeAt: ContinuousClock.Instant?

    package init(bytesPerSecond: Int? = nil) { self.bytesPerSecond = bytesPerSecond }

    /// When `byteCount` more bytes may pass.
    package mutating func passes(_ byteCount: Int, at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        guard let bytesPerSecond, bytesPerSecond > 0 else {
            freeAt = nil
            return now
        }
        let start = max(freeAt ?? now, now)
        freeAt = start + .nanoseconds(Int64(Double(byteCount) / Double(bytesPerSecond) * 1e9))
        return start
    }
}
