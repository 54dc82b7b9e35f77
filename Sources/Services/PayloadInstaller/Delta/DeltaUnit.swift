internal import FileSystemMaps

/// Blocks of the target that belong together, and the blocks of the source that they may resemble.
struct DeltaUnit: Sendable {
    var target: [BlockSpan]
    var source: [BlockSpan]
}

/// Units that one operation makes.
struct DeltaGroup: Sendable {
    var units: [DeltaUnit] = []
    /// Blocks of the target that earlier operations write, and that the units resemble as well.
    private(set) var written: [BlockSpan] = []
    private(set) var targetBlocks = 0
    private(set) var sourceBlocks = 0

    /// The machine holds the known part of the source, and unpacks so much at once: together this stays below 64 MiB.
    static let targetBlocksMax = 3072
    static let sourceBlocksMax = 3072

    init() {}

    init(_ piece: WrittenContent<DeltaUnit>.Piece) {
        add(piece.unit)
        written = piece.written
    }

    func hasRoom(for unit: DeltaUnit) -> Bool {
        units.isEmpty
            || targetBlocks + unit.target.blockCount <= Self.targetBlocksMax
                && sourceBlocks + unit.source.blockCount <= Self.sourceBlocksMax
    }

    mutating func add(_ unit: DeltaUnit) {
        units.append(unit)
        targetBlocks += unit.target.blockCount
        sourceBlocks += unit.source.blockCount
    }

    static func groups(of units: [DeltaUnit]) -> [DeltaGroup] {
        var groups: [DeltaGroup] = []
        var group = DeltaGroup()
        for unit in units {
            if !group.hasRoom(for: unit) {
                groups.append(group)
                group = DeltaGroup()
            }
            group.add(unit)
        }
        if !group.units.isEmpty { groups.append(group) }
        return groups
    }
}

/// Which file of the source a file of the target was, by their names.
struct FilePairing {
    private let files: [MappedFile]
    private var byPath: [String: Int] = [:]
    private var byPattern: [String: [Int]] = [:]
    private var byName: [Substring: [Int]] = [:]

    init(_ source: [MappedFile]) {
        files = source
        for (index, file) in source.enumerated() {
            byPath[file.path] = byPath[file.path] ?? index
            byPattern[Self.pattern(of: file.path), default: []].append(index)
            byName[Self.name(of: file.path), default: []].append(index)
        }
    }

    /// The file with the same path; or with a path that differs in numbers only, as a library's or a kernel's version; or
    /// the only one of that name.
    func counterpart(of file: MappedFile) -> Int? {
        if let same = byPath[file.path] { return same }
        let alike = byPattern[Self.pattern(of: file.path)] ?? []
        if let closest = alike.min(by: { distance($0, file) < distance($1, file) }) { return closest }
        let named = byName[Self.name(of: file.path)] ?? []
        return named.count == 1 ? named[0] : nil
    }

    private func distance(_ index: Int, _ file: MappedFile) -> UInt64 {
        let size = files[index].sizeBytes
        return size > file.sizeBytes ? size - file.sizeBytes : file.sizeBytes - size
    }

    private static func name(of path: String) -> Substring {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.index(after: $0)...] } ?? path[...]
    }

    /// The path with every number as `0`.
    private static func pattern(of path: String) -> String {
        var bytes: [UInt8] = []
        var isNumber = false
        for byte in path.utf8 {
            let isDigit = (0x30...0x39).contains(byte)
            if !isDigit { bytes.append(byte) } else if !isNumber { bytes.append(0x30) }
            isNumber = isDigit
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
