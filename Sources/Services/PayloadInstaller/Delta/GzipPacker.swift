internal import CompressionCodecs
internal import Dispatch
internal import Synchronization

/// Puts blocks together from new data that comes in pieces of any size, as a recipe says.
///
/// Packing is by far the slowest part: a few files are gathered, and packed at the same time.
struct GzipPacker {
    /// The blocks, as far as they are made.
    private(set) var bytes: [UInt8]

    /// Those whose content is not yet whole.
    private var files: ArraySlice<GzipRecipe.File>
    private var between: ArraySlice<Range<Int>>
    /// Files that wait to be packed, and where in ``content`` each one's stands.
    private var waiting: [(file: GzipRecipe.File, place: Range<Int>)] = []
    /// What the waiting files hold, and the next one as far as it is there.
    private var content: [UInt8] = []

    /// - Returns: `nil` where the recipe's files do not fit into so many bytes.
    init?(_ recipe: GzipRecipe, byteCount: Int) {
        guard let places = GzipPlaces(recipe.target.map(\.places), byteCount: byteCount) else { return nil }
        bytes = [UInt8](repeating: 0, count: byteCount)
        (files, between) = (recipe.target[...], places.between[...])
        newByteCount = recipe.target.reduce(0) { $0 + $1.contentByteCount } + places.betweenByteCount
    }

    /// How much new data there is to be.
    let newByteCount: Int

    /// So much content is packed at the same time, or one file.
    private static let waitingBytesMax = 2 << 20
    private static let waitingFilesMax = 1024
    /// Each takes half a MiB of its own.
    private static let packersMax = 4

    /// What packing the recipe's files takes beside the blocks, in bytes: what the waiting ones hold, and three copies of what is
    /// made of that at the most.
    static func packingByteCount(of recipe: GzipRecipe) -> UInt64 {
        4 * UInt64(max(waitingBytesMax, recipe.target.map(\.contentByteCount).max() ?? 0))
    }

    /// - Returns: Whether everything went where it was to go.
    mutating func append(_ piece: ArraySlice<UInt8>) -> Bool {
        var rest = piece
        guard makeRoomForNext() else { return false }
        while !rest.isEmpty {
            if let file = files.first {
                let taken = rest.prefix(waitingByteCount + file.contentByteCount - content.count)
                content += taken
                rest = rest.dropFirst(taken.count)
            } else if let place = between.first {
                let taken = rest.prefix(place.count)
                bytes.replaceSubrange(place.lowerBound..<place.lowerBound + taken.count, with: taken)
                between[between.startIndex] = place.lowerBound + taken.count..<place.upperBound
                if taken.count == place.count { between.removeFirst() }
                rest = rest.dropFirst(taken.count)
            } else {
                return false
            }
            guard makeRoomForNext() else { return false }
        }
        return true
    }

    /// Packs what still waits.
    /// - Returns: Whether everything went where it was to go.
    mutating func finish() -> Bool { makeRoomForNext() && packFiles() }

    /// - Returns: Whether everything went where it was to go.
    private mutating func makeRoomForNext() -> Bool {
        gatherWholeFiles()
        while !hasRoomForNext {
            guard packFiles() else { return false }
            gatherWholeFiles()
        }
        return true
    }

    /// Whether there was all of the new data.
    var isDone: Bool { files.isEmpty && between.isEmpty }

    private var waitingByteCount: Int { waiting.last?.place.upperBound ?? 0 }

    /// Whether the next file may wait as well.
    private var hasRoomForNext: Bool {
        guard let next = files.first, !waiting.isEmpty else { return true }
        return waiting.count < Self.waitingFilesMax
            && waitingByteCount + next.contentByteCount <= Self.waitingBytesMax
    }

    /// One may hold nothing.
    private mutating func gatherWholeFiles() {
        while let file = files.first, hasRoomForNext, content.count - waitingByteCount == file.contentByteCount {
            waiting.append((file, waitingByteCount..<content.count))
            files.removeFirst()
        }
    }

    /// Packs the waiting files.
    private mutating func packFiles() -> Bool {
        for ((file, _), packed) in zip(waiting, packedFiles()) {
            guard var rest = packed?[...], rest.count == file.places.reduce(0, { $0 + $1.count }) else { return false }
            for place in file.places {
                bytes.replaceSubrange(place, with: rest.prefix(place.count))
                rest = rest.dropFirst(place.count)
            }
        }
        waiting.removeAll(keepingCapacity: true)
        content.removeAll(keepingCapacity: true)
        return true
    }

    private func packedFiles() -> [[UInt8]?] {
        let (waiting, content) = (waiting, content)
        let packed = Mutex([[UInt8]?](repeating: nil, count: waiting.count))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(Self.packersMax, waiting.count)) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < waiting.count else { return }
                let file = waiting[index].file.member.file(holding: content[waiting[index].place])
                packed.withLock { $0[index] = file }
            }
        }
        return packed.withLock { $0 }
    }
}
