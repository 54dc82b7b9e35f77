import CompressionCodecs
import FuzzDriver
import Glibc

// Takes the input as a gzip file: reading it may not crash, and what is said to be made again is the same. Then takes it as
// content: what is packed must come back, at every level.
exit(
    fuzz { bytes in
        let limit = 1 << 20
        if let (member, content) = GzipMember.remade(from: bytes[...], contentLimit: limit) {
            precondition(content.count <= limit, "It holds more than it may.")
            precondition(member.file(holding: content[...]) == bytes, "It is not made again.")
        }
        _ = GzipMember.unpacked(bytes[...], contentLimit: limit)
        let level = 4 + Int(bytes.first ?? 0) % 6
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        guard let member = GzipMember(header: header, level: level) else { preconditionFailure("No member.") }
        // The same again and again, so that the window slides.
        let content = bytes.count > 1000 && bytes.count % 3 == 0 ? Array(repeatElement(bytes, count: 5).joined()) : bytes
        // What takes gzip too long is left alone.
        guard let file = member.file(holding: content[...]) else { return }
        precondition(GzipMember.unpacked(file[...], contentLimit: content.count) == content, "It does not come back.")
    })
