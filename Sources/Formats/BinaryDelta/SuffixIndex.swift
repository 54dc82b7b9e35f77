internal import CDivsufsort

/// The old data of a patch, sorted so that the longest piece of it that stands anywhere can be found.
///
/// Takes five bytes of memory for each byte of data.
@safe
final class SuffixIndex {
    /// The longest match of some bytes.
    struct Match {
        var position: Int
        var byteCount: Int
    }

    let old: UnsafeBufferPointer<UInt8>
    private let order: UnsafeMutableBufferPointer<Int32>
    /// For each value of two bytes, the first place in `order` of what begins with it or with more.
    private let starts: [Int32]

    /// - Parameter old: Outlives the index; less than 2 GiB.
    /// - Throws: ``BinaryDeltaError/outOfMemory``.
    init(_ old: UnsafeBufferPointer<UInt8>) throws(BinaryDeltaError) {
        unsafe self.old = unsafe old
        unsafe order = .allocate(capacity: max(1, old.count))
        unsafe order.initialize(repeating: 0)
        guard let base = old.baseAddress, old.count > 0 else {
            starts = [Int32](repeating: 0, count: 65_537)
            return
        }
        let code = unsafe divsufsort(base, order.baseAddress, Int32(old.count))
        starts = unsafe Self.buckets(of: old)
        guard code == 0 else { throw .outOfMemory }
    }

    deinit { unsafe order.deallocate() }

    /// How many suffixes begin with less than each pair of bytes. A last single byte sorts before its pairs.
    private static func buckets(of old: UnsafeBufferPointer<UInt8>) -> [Int32] {
        var counts = [Int32](repeating: 0, count: 65_537)
        for index in 0..<old.count - 1 {
            counts[unsafe Int(old[index]) << 8 | Int(old[index + 1]) + 1] += 1
        }
        counts[unsafe Int(old[old.count - 1]) << 8] += 1
        for pair in 1..<counts.count { counts[pair] += counts[pair - 1] }
        // The single byte counts from its own pair's place on, where it stands first.
        return counts
    }

    /// The longest piece of the old data that `new` from `start` on begins with.
    func longestMatch(of new: UnsafeBufferPointer<UInt8>, at start: Int) -> Match {
        guard unsafe old.count > 0, start < new.count else { return Match(position: 0, byteCount: 0) }
        var (low, high) = unsafe (0, old.count - 1)
        if start + 1 < new.count {
            let pair = unsafe Int(new[start]) << 8 | Int(new[start + 1])
            // One more on both sides: the neighbours may share as much as what is inside.
            low = unsafe max(0, min(Int(starts[pair]), old.count) - 2)
            high = unsafe min(old.count - 1, Int(starts[pair + 1]) + 1)
        }
        while high - low >= 2 {
            let middle = low + (high - low) / 2
            if unsafe isLess(Int(order[middle]), than: new, from: start) { low = middle } else { high = middle }
        }
        let (lower, upper) = unsafe (Int(order[low]), Int(order[high]))
        let lowerCount = unsafe commonCount(lower, new, start)
        let upperCount = unsafe commonCount(upper, new, start)
        return lowerCount > upperCount
            ? Match(position: lower, byteCount: lowerCount) : Match(position: upper, byteCount: upperCount)
    }

    private func isLess(_ position: Int, than new: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        let count = unsafe commonCount(position, new, start)
        guard start + count < new.count else { return false }
        guard unsafe position + count < old.count else { return true }
        return unsafe old[position + count] < new[start + count]
    }

    private func commonCount(_ position: Int, _ new: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        let limit = unsafe min(old.count - position, new.count - start)
        guard let left = unsafe old.baseAddress, let right = new.baseAddress else { return 0 }
        var count = 0
        while count + 8 <= limit {
            let one = unsafe UnsafeRawPointer(left + position + count).loadUnaligned(as: UInt64.self)
            let other = unsafe UnsafeRawPointer(right + start + count).loadUnaligned(as: UInt64.self)
            let difference = UInt64(littleEndian: one ^ other)
            if difference != 0 { return count + difference.trailingZeroBitCount / 8 }
            count += 8
        }
        while unsafe count < limit && left[position + count] == right[start + count] { count += 1 }
        return count
    }
}
