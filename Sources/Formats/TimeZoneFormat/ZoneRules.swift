/// How far a place's clocks are ahead of universal time, at any moment.
///
/// Source: RFC 8536 (TZif), versions 2 and later; POSIX.1, `TZ`, for what follows the last listed change.
public struct ZoneRules: Hashable, Sendable {
    /// Moments, in seconds since 1970, at which the offset becomes the one beside it; ascending.
    let changes: [Change]
    /// Before the first change.
    let initialOffset: Int
    /// After the last change.
    let tail: RecurringRule?

    struct Change: Hashable, Sendable {
        let at: Int64
        let offset: Int
    }

    public static let universal = ZoneRules(changes: [], initialOffset: 0, tail: nil)

    /// Seconds east of Greenwich at `moment`, in seconds since 1970.
    public func offsetSeconds(at moment: Int64) -> Int {
        guard let last = changes.last, moment < last.at else {
            return tail?.offsetSeconds(at: moment) ?? changes.last?.offset ?? initialOffset
        }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= moment { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initialOffset : changes[low - 1].offset
    }
}

/// Why bytes are no rules of a time zone.
public enum ZoneFormatError: Error, Hashable {
    /// They do not begin as a TZif file of version 2 or later.
    case notZoneFile
    /// They end in the middle, or hold more than ``ZoneRules/byteCountMaximum`` bytes.
    case wrongLength
    /// A field has a value that it cannot have.
    case invalid(String)
}

extension ZoneRules {
    /// The largest file of the IANA database has 4 KiB.
    public static let byteCountMaximum = 65_536

    /// Reads a file of `/usr/share/zoneinfo`.
    public init(zoneFile bytes: [UInt8]) throws(ZoneFormatError) {
        guard bytes.count <= Self.byteCountMaximum else { throw .wrongLength }
        var reader = ZoneReader(bytes: bytes)
        let first = try reader.header()
        guard first.version >= 0x32 else { throw .notZoneFile }
        try reader.skip(first.bodyByteCount(timeSize: 4))
        let counts = try reader.header()
        self = try reader.rules(counts)
    }
}

/// Reads big-endian fields from the front.
private struct ZoneReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    struct Header {
        let version: UInt8
        let (universal, standard, leaps, times, types, names): (Int, Int, Int, Int, Int, Int)

        func bodyByteCount(timeSize: Int) -> Int {
            times * timeSize + times + types * 6 + names + leaps * (timeSize + 4) + standard + universal
        }
    }

    mutating func header() throws(ZoneFormatError) -> Header {
        guard try take(4).elementsEqual([0x54, 0x5A, 0x69, 0x66]) else { throw .notZoneFile }
        let version = try take(16).first ?? 0
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = Int(try number(4))
            guard (0...ZoneRules.byteCountMaximum).contains(count) else { throw .wrongLength }
            counts.append(count)
        }
        return Header(
            version: version, universal: counts[0], standard: counts[1], leaps: counts[2], times: counts[3],
            types: counts[4], names: counts[5])
    }

    mutating func rules(_ counts: Header) throws(ZoneFormatError) -> ZoneRules {
        var moments: [Int64] = []
        for _ in 0..<counts.times { moments.append(try number(8)) }
        let indices = try take(counts.times)
        var offsets: [Int] = []
        for _ in 0..<counts.types {
            offsets.append(Int(try number(4)))
            try skip(2)
        }
        try skip(counts.names + counts.leaps * 12 + counts.standard + counts.universal)
        guard !offsets.isEmpty, offsets.allSatisfy({ abs($0) <= 93_600 }) else { throw .invalid("an offset") }
        var changes: [ZoneRules.Change] = []
        for (moment, index) in zip(moments, indices) {
            guard Int(index) < offsets.count, changes.last.map({ $0.at < moment }) ?? true else {
                throw .invalid("a change")
            }
            changes.append(ZoneRules.Change(at: moment, offset: offsets[Int(index)]))
        }
        return ZoneRules(changes: changes, initialOffset: offsets[0], tail: try footer())
    }

    /// The line between two line feeds; empty where there is no rule.
    private mutating func footer() throws(ZoneFormatError) -> RecurringRule? {
        guard try take(1).first == 0x0A else { throw .invalid("the footer") }
        let text = bytes[position...].prefix { $0 != 0x0A }
        guard position + text.count < bytes.count else { throw .wrongLength }
        if text.isEmpty { return nil }
        guard let rule = RecurringRule(posix: Array(text)) else { throw .invalid("the rule") }
        return rule
    }

    mutating func skip(_ count: Int) throws(ZoneFormatError) { _ = try take(count) }

    private mutating func take(_ count: Int) throws(ZoneFormatError) -> ArraySlice<UInt8> {
        guard count >= 0, bytes.count - position >= count else { throw .wrongLength }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A signed number of 4 or 8 bytes.
    private mutating func number(_ count: Int) throws(ZoneFormatError) -> Int64 {
        let value = try take(count).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return count == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }
}
