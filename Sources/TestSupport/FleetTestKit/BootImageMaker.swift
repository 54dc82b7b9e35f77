/// Makes EFI programs that consist of sections and nothing that runs.
package enum BootImageMaker {
    /// Content begins on multiples of this, as linkers write it.
    package static let alignmentBytes = 512

    /// - Parameter sections: names of at most eight bytes, and what they hold.
    package static func image(_ sections: [(name: String, content: [UInt8])]) -> [UInt8] {
        var header = Array("MZ".utf8) + [UInt8](repeating: 0, count: 58) + little(64, 4)
        header += Array("PE\0\0".utf8) + little(0x8664, 2) + little(sections.count, 2)
        header += [UInt8](repeating: 0, count: 12) + little(112, 2) + little(0x22, 2)
        header += little(0x20B, 2) + [UInt8](repeating: 0, count: 110)
        var place = padded(header.count + sections.count * 40)
        var content: [UInt8] = []
        for section in sections {
            let sizeBytes = padded(section.content.count)
            header += Array(section.name.utf8) + [UInt8](repeating: 0, count: 8 - section.name.utf8.count)
            header += little(section.content.count, 4) + little(0x10000 + place, 4) + little(sizeBytes, 4)
            header += little(place, 4) + [UInt8](repeating: 0, count: 16)
            content += section.content + [UInt8](repeating: 0, count: sizeBytes - section.content.count)
            place += sizeBytes
        }
        return header + [UInt8](repeating: 0, count: padded(header.count) - header.count) + content
    }

    private static func padded(_ count: Int) -> Int { (count + alignmentBytes - 1) / alignmentBytes * alignmentBytes }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
