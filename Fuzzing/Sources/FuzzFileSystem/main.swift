import FileSystemMaps
import FuzzDriver
import Glibc
import SlotDevice

// Takes the input as pieces of an image: a length and a place of 16 bits each, in units of 16 bytes, and so many bytes.
// Reading a map of it may not crash, and the map may not lead outside the image.
exit(
    fuzz { bytes in
        var image = [UInt8](repeating: 0, count: 256 << 10)
        var rest = bytes[...]
        while rest.count > 4 {
            let place = (Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8) * 16 % image.count
            let length = Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8
            let piece = rest.prefix(min(length, image.count - place))
            image.replaceSubrange(place..<place + piece.count, with: piece)
            rest = rest.dropFirst(piece.count)
        }
        guard let found = try? FileSystemMap(of: MemoryBlockDevice(image)) else { return }
        for file in found.files {
            for run in file.runs {
                let (end, overflow) = run.startBlock.addingReportingOverflow(run.blockCount)
                precondition(!overflow && end <= UInt64(image.count) / found.blockSize, "A run leads outside.")
            }
            for cluster in file.clusters {
                precondition(cluster.block < UInt64(image.count) / found.blockSize, "A cluster leads outside.")
                let block = image[Int(cluster.block) * 4096..<Int(cluster.block) * 4096 + 4096]
                _ = PackedBlock.unpack(block, count: cluster.byteCount)
            }
        }
    })
