import UpdateModel

/// Which slots are in the middle of being written, window by window: from the first in which a slot's root is written to
/// the last.
struct WritingSpans {
    private let spans: [Slot: ClosedRange<Int>]
    private var position = 0

    init(_ windows: [WriteWindow]) {
        var spans: [Slot: ClosedRange<Int>] = [:]
        for (index, window) in windows.enumerated() {
            for slot in window.slots { spans[slot] = (spans[slot]?.lowerBound ?? index)...index }
        }
        self.spans = spans
    }

    /// The slots of the next window.
    mutating func next() -> Set<Slot> {
        defer { position += 1 }
        return Set(spans.filter { $0.value.contains(position) }.keys)
    }
}
