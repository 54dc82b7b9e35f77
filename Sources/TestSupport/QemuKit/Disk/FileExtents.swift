import FleetDemo

/// Where the bytes of one file lie in an erofs image.
package struct FileExtents: Hashable, Sendable {
    /// Bytes from the start of the image, as they lie on the medium, compressed or not.
    package let ranges: [Range<UInt64>]

    /// Asks `dump.erofs`.
    /// - Throws: ``QemuError/unintelligible(what:text:)`` when the file has no bytes of its own there.
    package static func find(_ file: String, in image: String, scratch: String) async throws -> FileExtents {
        let text = try await Command(folder: scratch).succeed(
            try HostTool.describeFileSystem.path(), ["-e", "--path=\(file)", image])
        let extents = FileExtents(listing: text)
        guard !extents.ranges.isEmpty else { throw QemuError.unintelligible(what: "dump.erofs", text: text) }
        return extents
    }

    /// ```text
    ///  Ext:   logical offset   |  length :     physical offset    |  length
    ///    0:        0..   11271 |   11271 :     380928..    385024 |    4096
    /// ```
    package init(listing: String) {
        ranges = listing.split(whereSeparator: \.isNewline).compactMap { line in
            let columns = line.split(separator: ":")
            guard columns.count == 3, UInt64(columns[0].trimmed) != nil else { return nil }
            let bounds = columns[2].split(separator: "|")[0].split(separator: ".").map { UInt64($0.trimmed) }
            guard bounds.count == 2, let first = bounds[0], let end = bounds[1], first < end else { return nil }
            return first..<end
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let front = drop { $0.isWhitespace }
        return front[..<(front.lastIndex { !$0.isWhitespace }.map(front.index(after:)) ?? front.startIndex)]
    }
}
