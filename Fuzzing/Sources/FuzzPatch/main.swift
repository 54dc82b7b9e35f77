import BinaryDelta
import FuzzDriver
import Glibc

// Takes the input's first bytes as old data and the rest as a patch of either form. Applying it may not crash, may not
// read outside the old data, and may not make more than it says. What is made of the same bytes here must come back.
exit(
    fuzz { bytes in
        let cut = Int(bytes.first ?? 0)
        let old = Array(bytes.dropFirst().prefix(cut))
        let rest = bytes.dropFirst(1 + old.count)
        let readOld: (UInt64, Int) -> [UInt8] = { offset, count in
            precondition(count >= 0 && offset <= UInt64(old.count) && count <= old.count - Int(offset), "Outside.")
            return Array(old[Int(offset)..<Int(offset) + count])
        }
        if let patch = try? StreamedPatch(rest, newSizeLimit: 1 << 16) {
            var made = 0
            try? patch.apply(oldSize: UInt64(old.count), readOld: readOld) { made += $0.count }
            precondition(made <= patch.newSize, "More was made than was told.")
        }
        if let patch = try? BSDiffPatch(rest, newSizeLimit: 1 << 16) {
            var made = 0
            try? patch.apply(oldSize: UInt64(old.count), readOld: readOld) { made += $0.count }
            precondition(made <= patch.newSize, "More was made than was told.")
        }
        guard rest.count < 2048, cut % 8 == 0 else { return }
        var maker = StreamedPatchMaker(effort: .fast)
        guard (try? maker.add(rest, resembling: old[...], at: 0)) != nil,
            let own = try? maker.patch(old: old[...]),
            let read = try? StreamedPatch(own[...], newSizeLimit: UInt64(rest.count))
        else { preconditionFailure("No patch could be made.") }
        var made: [UInt8] = []
        try? read.apply(oldSize: UInt64(old.count), readOld: readOld) { made += $0 }
        precondition(made[...] == rest, "The patch makes something else.")
    })
