package import SlotDevice

/// A unified kernel image: an EFI program that carries kernel, initial RAM disk and command line as sections.
///
/// Only the table of sections is read here, in two bounded reads; content is read when it is asked for.
///
/// ```text
///   0  "MZ" … 60: place of the PE header (u32)
///      PE header: "PE\0\0" · machine u16 · sections u16 · 12 bytes · size of optional header u16 · flags u16
///      optional header
///      section: name[8] · size in memory u32 · address u32 · size in file u32 · place in file u32 · 16 bytes
/// ```
///
/// Source: Microsoft PE Format; UAPI.5 Unified Kernel Image.
package struct BootImage: Sendable {
    /// A section's name and where its content lies in the file.
    package struct Section: Hashable, Sendable {
        /// Without the bytes that fill it up, such as `.cmdline`.
        package let name: String
        package let offsetBytes: UInt64
        /// What the section holds, without the zeros that fill its last block in the file.
        package let sizeBytes: UInt64
    }

    /// More than any real image has; the loaders of the firmware take 96.
    private static let sectionCountMax = 96
    private static let headerBytes = 24
    private static let sectionBytes = 40

    /// In the order of the table.
    package let sections: [Section]
    private let file: any BlockDevice

    /// - Throws: ``BootImageError/notAnImage(reason:)`` for anything that has no sound table of sections.
    package init(_ file: any BlockDevice) throws(BootImageError) {
        self.file = file
        let header = try Self.header(of: file)
        let optionalBytes = UInt64(header.bytes.unsigned16(at: 20))
        let count = header.bytes.unsigned16(at: 6)
        guard count <= Self.sectionCountMax else { throw .notAnImage(reason: "it claims \(count) sections") }
        let start = header.offsetBytes + UInt64(Self.headerBytes) + optionalBytes
        let table = try Self.read(file, at: start, count: count * Self.sectionBytes)
        var sections: [Section] = []
        for place in 0..<count {
            let entry = table[place * Self.sectionBytes..<(place + 1) * Self.sectionBytes]
            sections.append(try Self.section(Array(entry), fileSizeBytes: file.sizeBytes))
        }
        self.sections = sections
    }

    /// - Throws: ``BootImageError/duplicateSection(_:)`` for two of that name: readers would disagree on which counts.
    package func section(_ name: String) throws(BootImageError) -> Section? {
        let found = sections.filter { $0.name == name }
        guard found.count < 2 else { throw .duplicateSection(name) }
        return found.first
    }

    /// The content of a section, as a device of its own; `nil` when there is none.
    package func content(of name: String) throws(BootImageError) -> DeviceRegion? {
        guard let section = try section(name) else { return nil }
        do {
            return try DeviceRegion(of: file, startBytes: section.offsetBytes, sizeBytes: section.sizeBytes)
        } catch {
            throw .device(error)
        }
    }

    /// The content of a section that must be there.
    package func requiredContent(of name: String) throws(BootImageError) -> DeviceRegion {
        guard let content = try content(of: name) else { throw .sectionMissing(name) }
        return content
    }

    private static func header(
        of file: any BlockDevice
    ) throws(BootImageError) -> (offsetBytes: UInt64, bytes: [UInt8]) {
        let start = try read(file, at: 0, count: 64)
        guard start.starts(with: Array("MZ".utf8)) else {
            throw .notAnImage(reason: "it does not begin like a program")
        }
        let offset = UInt64(start.unsigned32(at: 60))
        let header = try read(file, at: offset, count: headerBytes)
        guard header.starts(with: Array("PE\0\0".utf8)) else { throw .notAnImage(reason: "it has no PE header") }
        return (offset, header)
    }

    private static func section(_ entry: [UInt8], fileSizeBytes: UInt64) throws(BootImageError) -> Section {
        let name = String(decoding: entry.prefix(8).prefix { $0 != 0 }, as: UTF8.self)
        let inMemory = UInt64(entry.unsigned32(at: 8))
        let inFile = UInt64(entry.unsigned32(at: 16))
        let offset = UInt64(entry.unsigned32(at: 20))
        guard offset <= fileSizeBytes, inFile <= fileSizeBytes - offset else {
            throw .notAnImage(reason: "section \(name) lies outside the file")
        }
        return Section(name: name, offsetBytes: offset, sizeBytes: inMemory == 0 ? inFile : min(inMemory, inFile))
    }

    private static func read(
        _ file: any BlockDevice, at offset: UInt64, count: Int
    ) throws(BootImageError) -> [UInt8] {
        guard file.contains(offsetBytes: offset, count: count) else { throw .notAnImage(reason: "it ends too early") }
        do { return try file.read(at: offset, count: count) } catch { throw .device(error) }
    }
}

extension [UInt8] {
    fileprivate func unsigned16(at place: Int) -> Int { Int(self[place]) | Int(self[place + 1]) << 8 }
    fileprivate func unsigned32(at place: Int) -> Int { unsigned16(at: place) | unsigned16(at: place + 2) << 16 }
}
