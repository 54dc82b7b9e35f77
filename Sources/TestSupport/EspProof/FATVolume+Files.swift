package import SlotDevice

/// A file or directory as its directory has it.
package struct FATFile: Hashable, Sendable {
    package let name: String
    package let isDirectory: Bool
    package let sizeBytes: UInt64
    package let firstCluster: Int
}

extension FATVolume {
    /// What lies in a directory, named from the root; `nil` when there is no such directory.
    package func files(in path: [String]) throws(EspProofError) -> [FATFile]? {
        guard let ranges = try directory(path) else { return nil }
        var bytes: [UInt8] = []
        for range in ranges { bytes += try self.bytes(range) }
        return Self.parse(bytes)
    }

    /// The bytes of the volume that tell names, places and lengths: of the tables, and of the directories on the way.
    package func structure(to path: [String]) throws(EspProofError) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = [0..<contentOffsetBytes]
        for depth in 0...path.count { ranges += try directory(Array(path.prefix(depth))) ?? [] }
        return ranges
    }

    /// The file's content. What its chain of clusters does not reach cannot be read.
    package func content(of file: FATFile) throws(EspProofError) -> any BlockDevice {
        let chain = chain(from: file.firstCluster, countMax: clusters(for: file.sizeBytes))
        return FATFileContent(volume: self, ranges: ranges(of: chain), sizeBytes: file.sizeBytes)
    }

    private func directory(_ path: [String]) throws(EspProofError) -> [Range<UInt64>]? {
        var ranges = directoryRanges(nil)
        for name in path {
            var bytes: [UInt8] = []
            for range in ranges { bytes += try self.bytes(range) }
            let found = Self.parse(bytes).first { $0.isDirectory && $0.name.lowercased() == name.lowercased() }
            guard let found else { return nil }
            ranges = directoryRanges(found)
        }
        return ranges
    }

    /// Records of 32 bytes; the long name stands before the record that it belongs to, its last part first.
    private static func parse(_ bytes: [UInt8]) -> [FATFile] {
        var files: [FATFile] = []
        var parts: [(order: UInt8, sum: UInt8, units: [UInt16])] = []
        for place in stride(from: 0, to: bytes.count - 31, by: 32) {
            let record = Array(bytes[place..<place + 32])
            if record[0] == 0 { break }
            if record[0] != 0xE5, record[11] & 0x3F == 0x0F {
                if record[0] & 0x40 != 0 { parts = [] }
                parts.append((record[0] & 0x3F, record[13], longNameUnits(record)))
                continue
            }
            defer { parts = [] }
            guard record[0] != 0xE5, record[11] & 0x08 == 0, record[0] != 0x2E else { continue }
            files.append(
                FATFile(
                    name: longName(parts, of: record) ?? shortName(record), isDirectory: record[11] & 0x10 != 0,
                    sizeBytes: record.unsigned(at: 28, count: 4),
                    firstCluster: record.unsigned16(at: 20) << 16 | record.unsigned16(at: 26)))
        }
        return files
    }

    private static func longNameUnits(_ record: [UInt8]) -> [UInt16] {
        [1..<11, 14..<26, 28..<32].flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: 2).map { UInt16(record.unsigned16(at: $0)) }
        }
    }

    /// `nil` unless every part is there and belongs to the record.
    private static func longName(
        _ parts: [(order: UInt8, sum: UInt8, units: [UInt16])], of record: [UInt8]
    ) -> String? {
        let sum = record[0..<11].reduce(UInt8(0)) { ($0 >> 1 | $0 << 7) &+ $1 }
        let isWhole = parts.map(\.order) == (0..<parts.count).map { UInt8(parts.count - $0) }
        guard !parts.isEmpty, isWhole, parts.allSatisfy({ $0.sum == sum }) else { return nil }
        let units = parts.reversed().flatMap(\.units).prefix { $0 != 0 && $0 != 0xFFFF }
        return String(decoding: units, as: UTF16.self)
    }

    private static func shortName(_ record: [UInt8]) -> String {
        func text(_ range: Range<Int>) -> String {
            String(decoding: record[range].reversed().drop { $0 == 0x20 }.reversed(), as: UTF8.self)
        }
        let (stem, suffix) = (text(0..<8), text(8..<11))
        return suffix.isEmpty ? stem : "\(stem).\(suffix)"
    }
}

/// A file within a volume.
private struct FATFileContent: BlockDevice {
    let volume: FATVolume
    let ranges: [Range<UInt64>]
    let sizeBytes: UInt64
    var sectorSizeBytes: Int { 512 }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try checkRange(offsetBytes, count)
        var bytes: [UInt8] = []
        var (skip, rest) = (offsetBytes, UInt64(count))
        for range in ranges where rest > 0 {
            let length = range.upperBound - range.lowerBound
            if skip < length {
                let start = range.lowerBound + skip
                let part = start..<min(range.upperBound, start + rest)
                do { bytes += try volume.bytes(part) } catch { throw failure }
                rest -= part.upperBound - part.lowerBound
            }
            skip -= min(skip, length)
        }
        guard rest == 0 else { throw failure }
        return bytes
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        throw .failed(operation: "write", path: "a volume that is only looked at", reason: "Read-only file system")
    }

    func flush() {}

    private var failure: DeviceError {
        .failed(operation: "read", path: "a file", reason: "its clusters end before its size")
    }
}
