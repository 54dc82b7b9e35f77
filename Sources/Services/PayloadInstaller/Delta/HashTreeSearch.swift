internal import PayloadFormat
internal import SlotDevice

/// Finds dm-verity trees on images that need not be told, because the machine can make them itself.
struct HashTreeSearch {
    /// A tree, and the partition whose data it is made over; `nil` for its own.
    struct Found: Sendable {
        let place: HashTree.Place
        let partition: String?
    }

    /// - Parameter earlier: The images that are applied before this one.
    /// - Returns: A tree on `image` that is exactly what would be made; others are told as they are.
    static func find(
        on image: any BlockDevice, earlier: [DeltaPayloadBuilder.Image]
    ) throws(PayloadBuildError) -> Found? {
        guard image.sizeBytes >= 2 * HashTree.blockSize, image.sizeBytes % HashTree.blockSize == 0 else { return nil }
        if let place = try place(on: image, at: 0) {
            for other in earlier where try isTree(place, of: other.content, on: image) {
                return Found(place: place, partition: other.partition)
            }
            return nil
        }
        guard let place = try placeBehindData(on: image), try isTree(place, of: image, on: image) else { return nil }
        return Found(place: place, partition: nil)
    }

    private static func place(
        on image: any BlockDevice, at block: UInt64
    ) throws(PayloadBuildError) -> HashTree.Place? {
        let bytes = try PayloadBuildError.attempt { () throws(DeviceError) in
            try image.read(at: block * HashTree.blockSize, count: Int(HashTree.blockSize))
        }
        guard let place = HashTree.Place(superblock: bytes, number: block) else { return nil }
        let end = place.firstBlock + place.tree.blockCount
        return end * HashTree.blockSize <= image.sizeBytes ? place : nil
    }

    /// A superblock right behind the data that it speaks of.
    private static func placeBehindData(on image: any BlockDevice) throws(PayloadBuildError) -> HashTree.Place? {
        // The tree takes at least one part in 128 of what it covers, so it begins after most of the image.
        let blocks = image.sizeBytes / HashTree.blockSize
        let opening = Array("verity\0\0".utf8)
        for block in (blocks / 2)..<blocks {
            let bytes = try PayloadBuildError.attempt { () throws(DeviceError) in
                try image.read(at: block * HashTree.blockSize, count: opening.count)
            }
            guard bytes == opening, let place = try place(on: image, at: block) else { continue }
            if place.tree.dataBlockCount == block { return place }
        }
        return nil
    }

    private static func isTree(
        _ place: HashTree.Place, of data: any BlockDevice, on image: any BlockDevice
    ) throws(PayloadBuildError) -> Bool {
        guard place.tree.dataBlockCount * HashTree.blockSize <= data.sizeBytes else { return false }
        var made = [UInt8](repeating: 0, count: Int(place.tree.blockCount * HashTree.blockSize))
        try place.tree.make(
            readData: { (offset, count) throws(PayloadBuildError) in
                try PayloadBuildError.attempt { () throws(DeviceError) in try data.read(at: offset, count: count) }
            },
            readTree: { (offset, count) throws(PayloadBuildError) in
                Array(made[Int(offset)..<Int(offset) + count])
            },
            write: { (bytes, offset) throws(PayloadBuildError) in
                made.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes)
            })
        let present = try PayloadBuildError.attempt { () throws(DeviceError) in
            try image.read(at: place.firstBlock * HashTree.blockSize, count: made.count)
        }
        return made == present
    }
}
