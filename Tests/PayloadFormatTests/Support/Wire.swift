/// Writes protobuf fields by hand, so that hostile messages can be made, and good ones without the library under test.
struct Wire {
    private(set) var bytes: [UInt8] = []

    func number(_ field: UInt64, _ value: UInt64) -> Wire {
        var copy = self
        copy.bytes += Wire.varint(field << 3) + Wire.varint(value)
        return copy
    }

    func data(_ field: UInt64, _ content: [UInt8]) -> Wire {
        var copy = self
        copy.bytes += Wire.varint(field << 3 | 2) + Wire.varint(UInt64(content.count)) + content
        return copy
    }

    func message(_ field: UInt64, _ content: Wire) -> Wire { data(field, content.bytes) }

    func repeated(_ count: Int, _ field: UInt64, _ content: Wire) -> Wire {
        (0..<count).reduce(self) { wire, _ in wire.message(field, content) }
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func extent(_ start: UInt64, _ count: UInt64) -> Wire { Wire().number(1, start).number(2, count) }

    static func info(size: UInt64, hash: [UInt8] = [UInt8](repeating: 7, count: 32)) -> Wire {
        Wire().number(1, size).data(2, hash)
    }

    /// An operation with a blob of `length` bytes whose digest is of the right size.
    static func replace(offset: UInt64, length: UInt64, _ extents: Wire...) -> Wire {
        let digest = [UInt8](repeating: 9, count: 32)
        let head = Wire().number(1, 0).number(2, offset).number(3, length)
        return extents.reduce(head) { $0.message(6, $1) }.data(8, digest)
    }
}
