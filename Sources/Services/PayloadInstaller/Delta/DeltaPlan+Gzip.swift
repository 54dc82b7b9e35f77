internal import FileSystemMaps

extension DeltaPlan {
    /// Files that gzip packed and that say something else now. One byte that changed in what they hold changes all that
    /// follows in the file; so they are unpacked, patched, and packed again.
    mutating func gzipGroups() throws(PayloadBuildError) -> [GzipGroup] {
        var groups: [GzipGroup] = []
        for (index, file) in (target.map?.files ?? []).enumerated() {
            guard let new = gzip.target[index] else { continue }
            let counterpart = pairing.counterpart(of: file)
            let was = counterpart.flatMap { index in gzip.source[index].map { (index: index, file: $0) } }
            let unit = GzipGroup.Unit(target: new, source: was)
            let open = groups.last?.hasRoom(for: unit) == true ? groups.popLast() : nil
            var group = open ?? GzipGroup()
            // A block that holds ends of several files belongs to one operation.
            let blocks = new.blocks
            let fresh = blocks.filter { group.target.rank(of: $0) == nil }
            if fresh.allSatisfy({ !isOwned[$0] }), fresh.count < blocks.count || fresh.contains(where: isNew),
                try isChanged(new, was?.file)
            {
                own(fresh)
                group.add(unit)
            }
            if !group.units.isEmpty { groups.append(group) }
        }
        return groups
    }

    private func isChanged(_ new: GzipFiles.File, _ old: GzipFiles.File?) throws(PayloadBuildError) -> Bool {
        guard let old, old.contentByteCount == new.contentByteCount else { return true }
        return try target.bytes(from: new.places, at: 0, count: .max) != source.bytes(from: old.places, at: 0, count: .max)
    }
}
