/// Finds how new data can be made from old data that resembles it: the method of bsdiff.
///
/// The new data is cut in stretches. Each lies beside a stretch of the old data that need not be equal, only alike: what
/// is added to its bytes is mostly zeros, because where code has moved only addresses change. What resembles nothing
/// stands between.
///
/// Source: Colin Percival, “Naive differences of executable code”, 2003.
enum PatchScan {
    /// Adds what makes `new` to `draft`.
    /// - Parameters:
    ///   - oldOffset: Where `old` stands in all of the patch's old data.
    static func scan(
        old: ArraySlice<UInt8>, new: ArraySlice<UInt8>, oldOffset: Int, into draft: inout PatchDraft
    ) throws(BinaryDeltaError) {
        var failure: BinaryDeltaError?
        unsafe old.withUnsafeBufferPointer { old in
            unsafe new.withUnsafeBufferPointer { new in
                do throws(BinaryDeltaError) {
                    let index = unsafe try SuffixIndex(old)
                    var scanner = unsafe Scanner(index: index, old: old, new: new, oldOffset: oldOffset)
                    unsafe scanner.run(into: &draft)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }
}

/// A stretch of new data that lies beside old data, and new bytes behind it.
private struct Anchor {
    /// Where in the new data it begins, and beside which place of the old.
    var new: Int
    var old: Int
}

@unsafe
private struct Scanner {
    let index: SuffixIndex
    let old: UnsafeBufferPointer<UInt8>
    let new: UnsafeBufferPointer<UInt8>
    let oldOffset: Int
    private var last = Anchor(new: 0, old: 0)

    /// A new place must fit this much better than going on at the last one.
    private static let gainMin = 8
    /// Long repetitions may fit nearly as well in many places. After so many tries in a row the next one is taken, for
    /// each costs as much as the repetition is long.
    private static let closeTriesMax = 64

    init(index: SuffixIndex, old: UnsafeBufferPointer<UInt8>, new: UnsafeBufferPointer<UInt8>, oldOffset: Int) {
        unsafe self.index = index
        unsafe self.old = unsafe old
        unsafe self.new = unsafe new
        unsafe self.oldOffset = oldOffset
    }

    mutating func run(into draft: inout PatchDraft) {
        var scan = 0
        var match = SuffixIndex.Match(position: 0, byteCount: 0)
        while unsafe scan < new.count {
            var matchesOfLast = 0
            var closeTries = 0
            scan += match.byteCount
            var scored = scan
            while unsafe scan < new.count {
                match = unsafe index.longestMatch(of: new, at: scan)
                while scored < scan + match.byteCount {
                    if unsafe fitsLast(scored) { matchesOfLast += 1 }
                    scored += 1
                }
                if match.byteCount == matchesOfLast, match.byteCount > 0 { break }
                if unsafe match.byteCount > matchesOfLast + Self.gainMin { break }
                closeTries = unsafe match.byteCount > 4 * Self.gainMin ? closeTries + 1 : 0
                if unsafe closeTries > Self.closeTriesMax { break }
                if unsafe fitsLast(scan) { matchesOfLast -= 1 }
                scan += 1
            }
            // Where the last stretch fits as well, it goes on.
            guard unsafe match.byteCount != matchesOfLast || scan == new.count else { continue }
            let next = Anchor(new: scan, old: match.position)
            unsafe emit(until: next, into: &draft)
        }
    }

    /// Whether the byte is what stands beside it when the last stretch goes on.
    private func fitsLast(_ position: Int) -> Bool {
        let beside = unsafe position - last.new + last.old
        return unsafe beside >= 0 && beside < old.count && old[beside] == new[position]
    }

    /// Settles everything before `next`: how far the last stretch reaches forward, and the next one back.
    private mutating func emit(until next: Anchor, into draft: inout PatchDraft) {
        let isLast = unsafe next.new == new.count
        var forward = unsafe forwardCount(until: next)
        var backward = unsafe isLast ? 0 : backwardCount(from: next)
        let overlap = unsafe (last.new + forward) - (next.new - backward)
        if overlap > 0 {
            let kept = unsafe bestCut(of: overlap, forward: forward, backward: backward, next: next)
            forward += kept - overlap
            backward -= kept
        }
        let start = Anchor(new: next.new - backward, old: next.old - backward)
        unsafe draft.add(
            differences: new[last.new..<last.new + forward], to: old[last.old..<last.old + forward],
            at: oldOffset + last.old)
        unsafe draft.add(extra: new[last.new + forward..<start.new])
        unsafe last = start
    }

    private func forwardCount(until next: Anchor) -> Int {
        var (same, best, count) = (0, 0, 0)
        let limit = unsafe min(next.new - last.new, old.count - last.old)
        var offset = 0
        while offset < limit {
            if unsafe old[last.old + offset] == new[last.new + offset] { same += 1 }
            offset += 1
            if same * 2 - offset > best * 2 - count { (best, count) = (same, offset) }
        }
        return count
    }

    private func backwardCount(from next: Anchor) -> Int {
        var (same, best, count) = (0, 0, 0)
        let limit = unsafe min(next.new - last.new, next.old)
        var offset = 1
        while offset <= limit {
            if unsafe old[next.old - offset] == new[next.new - offset] { same += 1 }
            if same * 2 - offset > best * 2 - count { (best, count) = (same, offset) }
            offset += 1
        }
        return count
    }

    /// Both stretches claim `overlap` bytes: how many of them the earlier one keeps.
    private func bestCut(of overlap: Int, forward: Int, backward: Int, next: Anchor) -> Int {
        var (score, best, kept) = (0, 0, 0)
        for offset in 0..<overlap {
            let earlier = unsafe last.new + forward - overlap + offset
            if unsafe new[earlier] == old[last.old + forward - overlap + offset] { score += 1 }
            let later = next.new - backward + offset
            if unsafe new[later] == old[next.old - backward + offset] { score -= 1 }
            if score > best { (best, kept) = (score, offset + 1) }
        }
        return kept
    }
}
