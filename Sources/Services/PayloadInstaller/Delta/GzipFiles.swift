internal import FileSystemMaps
internal import SlotDevice

/// The files of an image that look as if gzip had packed them.
struct GzipFiles: Sendable {
    struct File: Sendable {
        /// Where it stands, in bytes on the image.
        let places: [Range<UInt64>]
        /// What it says it holds, in bytes.
        let contentByteCount: Int

        /// The blocks that it stands in, each once, in order.
        var blocks: [Int] {
            var blocks: [Int] = []
            for place in places {
                let last = (place.upperBound - 1) / DeltaImage.blockSize
                for block in Int(place.lowerBound / DeltaImage.blockSize)...Int(last) where !blocks.contains(block) {
                    blocks.append(block)
                }
            }
            return blocks
        }
    }

    /// By the file's number in the image's map.
    private let files: [Int: File]

    static let none = GzipFiles(files: [:])

    private init(files: [Int: File]) { self.files = files }

    init(of image: DeltaImage) throws(PayloadBuildError) {
        var files: [Int: File] = [:]
        for (index, file) in (image.map?.files ?? []).enumerated() {
            if let found = try Self.file(file, of: image) { files[index] = found }
        }
        self.files = files
    }

    subscript(index: Int) -> File? { files[index] }

    private static let headerByteCount = 10
    private static let trailerByteCount = 8

    private static func file(_ file: MappedFile, of image: DeltaImage) throws(PayloadBuildError) -> File? {
        guard (UInt64(headerByteCount + trailerByteCount)...UInt64(GzipRecipe.contentBytesMax)).contains(file.sizeBytes),
            let places = file.places(blockSize: DeltaImage.blockSize),
            places.allSatisfy({ $0.upperBound <= image.device.sizeBytes }),
            try image.bytes(from: places, at: 0, count: 3) == [0x1F, 0x8B, 8]
        else { return nil }
        // Source: RFC 1952, section 2.3.1: the last four bytes are the size.
        let size = try image.bytes(from: places, at: Int(file.sizeBytes) - 4, count: 4)
        let contentByteCount = size.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard contentByteCount <= GzipRecipe.contentBytesMax else { return nil }
        return File(places: places, contentByteCount: contentByteCount)
    }
}

extension DeltaImage {
    /// A part of what stands in `places`, one after the other.
    func bytes(from places: [Range<UInt64>], at offset: Int, count: Int) throws(PayloadBuildError) -> [UInt8] {
        var bytes: [UInt8] = []
        var skipped = UInt64(offset)
        for place in places where bytes.count < count {
            let size = place.upperBound - place.lowerBound
            let dropped = min(skipped, size)
            skipped -= dropped
            let wanted = Int(min(size - dropped, UInt64(count - bytes.count)))
            guard wanted > 0 else { continue }
            bytes += try PayloadBuildError.attempt { () throws(DeviceError) in
                try device.read(at: place.lowerBound + dropped, count: wanted)
            }
        }
        return bytes
    }
}
