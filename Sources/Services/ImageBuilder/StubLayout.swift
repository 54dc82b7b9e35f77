/// The date inside a program for UEFI, which objcopy sets to the moment it runs, and the checksum over it.
package enum ImageDate {
    /// Where the PE header is; `nil` for what is no PE image.
    private static func header(of bytes: [UInt8]) -> Int? {
        guard bytes.count > 0x40 else { return nil }
        let header = bytes[0x3C..<0x40].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard header + 92 <= bytes.count, bytes[header..<header + 4] == [0x50, 0x45, 0, 0] else { return nil }
        return header
    }

    /// Puts the date of all that is built in its place, and zero for “no checksum”: firmware looks at neither.
    package static func settle(_ bytes: inout [UInt8]) {
        guard let header = header(of: bytes) else { return }
        for index in 0..<4 {
            bytes[header + 8 + index] = UInt8(truncatingIfNeeded: ToolRunner.sourceDate >> (8 * index))
            bytes[header + 24 + 64 + index] = 0
        }
    }
}

/// Where the sections of a unified kernel image go: behind those of systemd's stub, each on a page of its own.
///
/// Source: Microsoft, PE Format: the offset of the header at 0x3C, the COFF header behind its signature, then the
/// optional header and sections of 40 bytes.
package struct StubLayout: Hashable, Sendable {
    /// The first free address behind the stub's own sections, aligned to a page.
    package let firstAddress: UInt64

    private static let pageBytes: UInt64 = 4096

    /// - Parameter bytes: the stub.
    package init(stub bytes: [UInt8], path: String) throws(ImageError) {
        func number(_ offset: Int, _ count: Int) -> UInt64? {
            guard offset >= 0, offset + count <= bytes.count else { return nil }
            return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard let header = number(0x3C, 4).map({ Int($0) }), number(header, 4) == 0x4550 else {
            throw .stub(path: path, reason: "it has no PE header")
        }
        guard let count = number(header + 6, 2), let optional = number(header + 20, 2), (1...96).contains(count) else {
            throw .stub(path: path, reason: "it has no sections")
        }
        var end: UInt64 = 0
        for index in 0..<Int(count) {
            let section = header + 24 + Int(optional) + index * 40
            guard let size = number(section + 8, 4), let address = number(section + 12, 4) else {
                throw .stub(path: path, reason: "its table of sections is cut")
            }
            end = max(end, address + size)
        }
        firstAddress = Self.aligned(end)
    }

    /// objcopy's arguments that add the sections in this order; the kernel should be the last, for it grows when it is
    /// unpacked in place.
    package func arguments(for sections: [(name: String, file: String, sizeBytes: UInt64)]) -> [String] {
        var address = firstAddress
        return sections.flatMap { section in
            defer { address = Self.aligned(address + section.sizeBytes) }
            return [
                "--add-section", "\(section.name)=\(section.file)",
                "--change-section-vma", "\(section.name)=0x\(String(address, radix: 16))",
            ]
        }
    }

    private static func aligned(_ address: UInt64) -> UInt64 { (address + pageBytes - 1) / pageBytes * pageBytes }
}
