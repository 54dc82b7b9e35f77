/// A patch while it is being made: its instructions and the two kinds of bytes they take from.
struct PatchDraft {
    /// As in a control triple, with the place in the old data instead of the distance to it.
    struct Step {
        var oldPosition: Int
        var addedByteCount: Int
        var copiedByteCount: Int
    }

    private(set) var steps: [Step] = []
    private(set) var diff: [UInt8] = []
    private(set) var extra: [UInt8] = []

    var newSize: Int { diff.count + extra.count }

    /// - Parameter position: Of `old` in all of the old data.
    mutating func add(
        differences new: Slice<UnsafeBufferPointer<UInt8>>, to old: Slice<UnsafeBufferPointer<UInt8>>, at position: Int
    ) {
        let count = unsafe new.count
        guard count > 0 else { return }
        for offset in 0..<count {
            unsafe diff.append(new[new.startIndex + offset] &- old[old.startIndex + offset])
        }
        steps.append(Step(oldPosition: position, addedByteCount: count, copiedByteCount: 0))
    }

    mutating func add(extra new: Slice<UnsafeBufferPointer<UInt8>>) {
        guard unsafe new.count > 0 else { return }
        unsafe extra.append(contentsOf: new)
        noteExtra(unsafe new.count)
    }

    mutating func add(extra new: ArraySlice<UInt8>) {
        guard !new.isEmpty else { return }
        extra.append(contentsOf: new)
        noteExtra(new.count)
    }

    /// Adds what makes the bytes that follow.
    mutating func append(_ other: PatchDraft) {
        diff += other.diff
        extra += other.extra
        for step in other.steps {
            if step.addedByteCount > 0 { steps.append(step) } else { noteExtra(step.copiedByteCount) }
        }
    }

    private mutating func noteExtra(_ count: Int) {
        if steps.isEmpty { steps.append(Step(oldPosition: 0, addedByteCount: 0, copiedByteCount: 0)) }
        steps[steps.count - 1].copiedByteCount += count
    }

    /// The instructions as triples: the seek of each leads to the next one's place.
    var triples: [(added: Int, copied: Int, seek: Int)] {
        var triples: [(added: Int, copied: Int, seek: Int)] = []
        triples.reserveCapacity(steps.count + 1)
        // Patching begins at the old data's start; a first place elsewhere needs a triple of its own.
        if let first = steps.first, first.oldPosition != 0 { triples.append((0, 0, first.oldPosition)) }
        for (index, step) in steps.enumerated() {
            let end = step.oldPosition + step.addedByteCount
            let next = index + 1 < steps.count ? steps[index + 1].oldPosition : end
            triples.append((step.addedByteCount, step.copiedByteCount, next - end))
        }
        return triples
    }
}
