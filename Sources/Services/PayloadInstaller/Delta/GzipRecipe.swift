internal import BinaryDelta
internal import CompressionCodecs

/// What an operation of kind `gzipPatch` knows beside its patch: where in its source gzip files stand, and where in its
/// target, and how those are packed.
///
/// Its blob is as that of ``PackedRecipe``, with a list of these varints:
/// ```text
/// number   how many headers of gzip files; for each, its size and its bytes
/// number   how many files of the source; for each, its places
/// number   how many files of the target; for each:
///   number   which of the headers it has
///   number   the level of gzip
///   number   how many bytes it holds
///   its places
/// ```
/// Places are the ranges of bytes that a file stands in, in its order, counted in the source's or the target's blocks:
/// how many, and for each the distance from the end of the one before, times two, with one for a distance backwards, and
/// its size. Old and new data are what the files hold, one after the other, and then what stands in no file.
struct GzipRecipe: Equatable {
    struct File: Equatable {
        var member: GzipMember
        var contentByteCount: Int
        var places: [Range<Int>]
    }

    var source: [[Range<Int>]] = []
    var target: [File] = []

    /// What a file may hold; it is in memory while it is packed.
    static let contentBytesMax = 4 << 20
    /// What the files of one side may hold together, and what their blocks may be.
    static let sideBytesMax = 16 << 20

    /// The blob's beginning, before the patch.
    func encoded() throws(CodecError) -> [UInt8] {
        var headers: [[UInt8]] = []
        for file in target where !headers.contains(file.member.header) { headers.append(file.member.header) }
        var numbers: [UInt8] = []
        numbers.appendVarint(UInt64(headers.count))
        for header in headers {
            numbers.appendVarint(UInt64(header.count))
            numbers += header
        }
        var end = 0
        numbers.appendVarint(UInt64(source.count))
        for places in source { numbers.append(places, behind: &end) }
        end = 0
        numbers.appendVarint(UInt64(target.count))
        for file in target {
            numbers.appendVarint(UInt64(headers.firstIndex(of: file.member.header) ?? 0))
            numbers.appendVarint(UInt64(file.member.level))
            numbers.appendVarint(UInt64(file.contentByteCount))
            numbers.append(file.places, behind: &end)
        }
        return try RecipeNumbers.blob(numbers)
    }

    /// Splits a blob.
    /// - Returns: The recipe, within its bounds, and the patch; `nil` for what is neither.
    static func decode(_ blob: [UInt8]) -> (recipe: GzipRecipe, patch: ArraySlice<UInt8>)? {
        guard let (opening, patch) = RecipeNumbers.split(blob) else { return nil }
        var numbers = opening
        guard let headers = numbers.list({ $0.bytes() }), let source = numbers.files({ $0.places(behind: &$1) }),
            let target = numbers.files({ $0.file(headers, behind: &$1) }), numbers.rest.isEmpty,
            target.reduce(0, { $0 + $1.contentByteCount }) <= sideBytesMax
        else { return nil }
        return (GzipRecipe(source: source, target: target), patch)
    }

    fileprivate static func isInBounds(_ start: Int, _ count: Int) -> Bool {
        start >= 0 && count > 0 && start <= sideBytesMax && count <= sideBytesMax - start
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ places: [Range<Int>], behind end: inout Int) {
        appendVarint(UInt64(places.count))
        for place in places {
            let distance = place.lowerBound - end
            appendVarint(UInt64(distance.magnitude) << 1 | (distance < 0 ? 1 : 0))
            appendVarint(UInt64(place.count))
            end = place.upperBound
        }
    }
}

/// Each gives `nil` for what makes no sense.
extension RecipeNumbers {
    private static let listMax = 65_536

    fileprivate mutating func list<Element>(_ element: (inout RecipeNumbers) -> Element?) -> [Element]? {
        guard let count = next(atMost: Self.listMax) else { return nil }
        var list: [Element] = []
        for _ in 0..<count {
            guard let next = element(&self) else { return nil }
            list.append(next)
        }
        return list
    }

    fileprivate mutating func files<File>(_ file: (inout RecipeNumbers, inout Int) -> File?) -> [File]? {
        var end = 0
        return list { numbers in file(&numbers, &end) }
    }

    fileprivate mutating func bytes() -> [UInt8]? { next(atMost: rest.count).flatMap { take($0) } }

    fileprivate mutating func places(behind end: inout Int) -> [Range<Int>]? {
        let places = list { numbers -> Range<Int>? in
            guard let distance = numbers.next(atMost: 2 * GzipRecipe.sideBytesMax + 1),
                let count = numbers.next(atMost: GzipRecipe.sideBytesMax)
            else { return nil }
            let start = distance & 1 == 1 ? end - (distance >> 1) : end + (distance >> 1)
            guard GzipRecipe.isInBounds(start, count) else { return nil }
            end = start + count
            return start..<end
        }
        return places?.isEmpty == true ? nil : places
    }

    fileprivate mutating func file(_ headers: [[UInt8]], behind end: inout Int) -> GzipRecipe.File? {
        guard let header = next(atMost: headers.count), header < headers.count, let level = next(atMost: 9),
            let contentByteCount = next(atMost: GzipRecipe.contentBytesMax), let places = places(behind: &end),
            let member = GzipMember(header: headers[header], level: level)
        else { return nil }
        return GzipRecipe.File(member: member, contentByteCount: contentByteCount, places: places)
    }
}
