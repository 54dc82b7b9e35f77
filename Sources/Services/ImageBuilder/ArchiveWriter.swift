/// Writes the archive that the kernel unpacks as its first file system.
///
/// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst (“newc”). All files belong to root and
/// bear one date, so the same tree gives the same bytes.
package struct ArchiveWriter {
    package private(set) var bytes: [UInt8] = []
    private var inode: UInt32 = 0
    private let date: UInt32

    package init(date: Int = ToolRunner.sourceDate) { self.date = UInt32(date) }

    /// - Parameter mode: with the kind of file, such as `0o100644`.
    package mutating func add(_ path: String, mode: UInt32, content: [UInt8] = []) {
        inode += 1
        header(path: path, mode: mode, inode: inode, date: date, size: content.count)
        bytes += content
        pad()
    }

    /// Ends the archive.
    package mutating func finish() {
        header(path: "TRAILER!!!", mode: 0, inode: 0, date: 0, size: 0)
    }

    private mutating func header(path: String, mode: UInt32, inode: UInt32, date: UInt32, size: Int) {
        let name = Array(path.utf8) + [0]
        // Inode, mode, user, group, links, date, size, devices (four), length of the name, check.
        let fields: [UInt32] = [
            inode, mode, 0, 0, 1, date, UInt32(size), 0, 0, 0, 0, UInt32(name.count), 0,
        ]
        bytes += Array("070701".utf8)
        for field in fields { bytes += Self.hexadecimal(field) }
        bytes += name
        pad()
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private static func hexadecimal(_ value: UInt32) -> [UInt8] {
        let digits = Array(String(value, radix: 16).utf8)
        return [UInt8](repeating: 0x30, count: 8 - digits.count) + digits
    }
}
