/// A prefix code for symbols of which some are more frequent than others.
///
/// Of several codes of the same length in all, this is the one that gzip makes; a decoder would take any.
struct HuffmanCode {
    /// In bits, for each symbol; 0 for one that does not occur.
    private(set) var lengths: [UInt8]
    /// In the order in which the bits are written.
    private(set) var codes: [UInt16] = []
    /// The last symbol that has a code.
    private(set) var lastSymbol: Int

    /// The code for these lengths. Source: RFC 1951, section 3.2.2.
    init(lengths: [UInt8]) {
        self.lengths = lengths
        lastSymbol = lengths.lastIndex { $0 > 0 } ?? 0
        var counts = [UInt16](repeating: 0, count: 16)
        for length in lengths where length > 0 { counts[Int(length)] += 1 }
        var next = [UInt16](repeating: 0, count: 16)
        for length in 1..<16 { next[length] = (next[length - 1] &+ counts[length - 1]) << 1 }
        codes = lengths.map { length in
            guard length > 0 else { return 0 }
            defer { next[Int(length)] &+= 1 }
            return Self.reversed(next[Int(length)], count: Int(length))
        }
    }

    /// The code for these frequencies. It has two symbols at least, for some decoders want that.
    /// - Parameter lengthMax: In bits.
    init(frequencies: [Int], lengthMax: Int) {
        var tree = HuffmanTree(frequencies)
        self.init(lengths: tree.lengths(max: lengthMax))
    }

    /// What symbols so frequent take, in bits.
    func bitCount(of frequencies: [Int]) -> Int {
        zip(frequencies, lengths).reduce(0) { $0 + $1.0 * Int($1.1) }
    }

    private static func reversed(_ code: UInt16, count: Int) -> UInt16 {
        var (rest, reversed) = (code, UInt16(0))
        for _ in 0..<count {
            reversed = reversed << 1 | rest & 1
            rest >>= 1
        }
        return reversed
    }
}

/// Huffman's tree, put together in the order that gzip has: equally frequent subtrees by their depth, then as they lie in a
/// heap.
private struct HuffmanTree {
    private let symbolCount: Int
    private let lastSymbol: Int
    /// Of the symbols, then of the nodes above them.
    private var frequencies: [Int]
    private var depths: [Int]
    private var parents: [Int]
    /// The nodes that have no parent yet, the rarest first; the first place is not used.
    private var heap = [0]
    /// The nodes that have one, the rarest last.
    private var order: [Int] = []

    init(_ frequencies: [Int]) {
        symbolCount = frequencies.count
        self.frequencies = frequencies
        var symbols = frequencies.indices.filter { frequencies[$0] > 0 }
        var last = symbols.last ?? -1
        while symbols.count < 2 {
            let added = last < 2 ? last + 1 : 0
            last = max(last, added)
            symbols.append(added)
            self.frequencies[added] = 1
        }
        lastSymbol = last
        depths = [Int](repeating: 0, count: frequencies.count)
        parents = depths
        heap += symbols
        for place in stride(from: symbols.count / 2, through: 1, by: -1) { sink(place) }
        join()
    }

    private mutating func join() {
        while heap.count > 2 {
            let rarest = heap[1]
            heap[1] = heap[heap.count - 1]
            heap.removeLast()
            sink(1)
            let second = heap[1]
            order += [rarest, second]
            let parent = frequencies.count
            frequencies.append(frequencies[rarest] + frequencies[second])
            depths.append(max(depths[rarest], depths[second]) + 1)
            parents.append(0)
            (parents[rarest], parents[second]) = (parent, parent)
            heap[1] = parent
            sink(1)
        }
        order.append(heap[1])
        order.reverse()
    }

    private mutating func sink(_ start: Int) {
        let node = heap[start]
        var place = start
        while 2 * place < heap.count {
            var child = 2 * place
            if child + 1 < heap.count, isBefore(heap[child + 1], heap[child]) { child += 1 }
            if isBefore(node, heap[child]) { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = node
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        frequencies[one] < frequencies[other]
            || frequencies[one] == frequencies[other] && depths[one] <= depths[other]
    }

    /// The depth of each symbol. Where that is more than `max`, other symbols give way.
    mutating func lengths(max lengthMax: Int) -> [UInt8] {
        var lengths = [Int](repeating: 0, count: frequencies.count)
        var counts = [Int](repeating: 0, count: lengthMax + 1)
        var tooLong = 0
        for node in order.dropFirst() {
            lengths[node] = lengths[parents[node]] + 1
            if lengths[node] > lengthMax {
                lengths[node] = lengthMax
                tooLong += 1
            }
            if node <= lastSymbol { counts[lengths[node]] += 1 }
        }
        if tooLong > 0 {
            Self.makeRoom(for: tooLong, in: &counts)
            assign(counts, to: &lengths)
        }
        return lengths.prefix(symbolCount).map { UInt8($0) }
    }

    /// Moves a leaf down, so that two more fit beside it, until nothing is too long.
    private static func makeRoom(for tooLong: Int, in counts: inout [Int]) {
        let lengthMax = counts.count - 1
        for _ in stride(from: tooLong, to: 0, by: -2) {
            var length = lengthMax - 1
            while counts[length] == 0 { length -= 1 }
            counts[length] -= 1
            counts[length + 1] += 2
            counts[lengthMax] -= 1
        }
    }

    /// The rarest symbols get the longest codes.
    private func assign(_ counts: [Int], to lengths: inout [Int]) {
        var symbols = order.reversed().filter { $0 <= lastSymbol }[...]
        for length in counts.indices.reversed() where length > 0 {
            for symbol in symbols.prefix(counts[length]) { lengths[symbol] = length }
            symbols = symbols.dropFirst(counts[length])
        }
    }
}
