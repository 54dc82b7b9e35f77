public import SlotDevice

/// One partition: where it lies and what it is.
///
/// ```text
/// 0 type │ 16 unique id │ 32 first block │ 40 last block, inclusive │ 48 attributes │ 56 name, 36 units of UTF-16
/// ```
/// Source: UEFI Specification 2.10, clause 5.3.3.
public struct PartitionEntry: Hashable, Sendable {
    public static let byteCountMin = 128
    static let nameUnitCount = 36

    /// ``GUID/zero`` means that the entry is unused.
    public var typeID: GUID
    /// The `PARTUUID` of Linux.
    public var uniqueID: GUID
    /// In units of the disk's sectors.
    public var firstLBA: UInt64
    /// The last sector that belongs to the partition.
    public var lastLBA: UInt64
    public var attributes: PartitionAttributes
    /// Exactly as on disk, so that a table with odd names is written back unchanged.
    private var nameUnits: [UInt16]
    /// What a table with longer entries holds after byte 128.
    private var tail: [UInt8]

    /// An entry that names no partition.
    public static let unused = PartitionEntry(typeID: .zero, uniqueID: .zero, firstLBA: 0, lastLBA: 0, name: "")

    /// - Parameter name: the `PARTLABEL`; what exceeds 36 units of UTF-16 is cut off.
    public init(
        typeID: GUID, uniqueID: GUID, firstLBA: UInt64, lastLBA: UInt64,
        attributes: PartitionAttributes = PartitionAttributes(), name: String
    ) {
        self.typeID = typeID
        self.uniqueID = uniqueID
        self.firstLBA = firstLBA
        self.lastLBA = lastLBA
        self.attributes = attributes
        self.nameUnits = Self.units(of: name)
        self.tail = []
    }

    public var isUnused: Bool { typeID == .zero }

    /// The `PARTLABEL`.
    public var name: String {
        get { String(decoding: nameUnits.prefix { $0 != 0 }, as: UTF16.self) }
        set { nameUnits = Self.units(of: newValue) }
    }

    /// Number of sectors; 0 for one that ends before it begins.
    public var sectorCount: UInt64 {
        guard !isUnused, lastLBA >= firstLBA else { return 0 }
        let (count, overflow) = (lastLBA - firstLBA).addingReportingOverflow(1)
        return overflow ? UInt64.max : count
    }

    /// The partition as a device of its own: nothing outside it can be reached.
    /// - Throws: ``DeviceError/outOfRange(offsetBytes:count:sizeBytes:)`` when it does not lie on `disk`.
    public func region(of disk: any BlockDevice) throws(DeviceError) -> DeviceRegion {
        let sector = UInt64(clamping: disk.sectorSizeBytes)
        let start = firstLBA.multipliedReportingOverflow(by: sector)
        let size = sectorCount.multipliedReportingOverflow(by: sector)
        guard !start.overflow, !size.overflow else {
            throw .outOfRange(offsetBytes: .max, count: .max, sizeBytes: disk.sizeBytes)
        }
        return try DeviceRegion(of: disk, startBytes: start.partialValue, sizeBytes: size.partialValue)
    }

    private static func units(of name: String) -> [UInt16] {
        let units = Array(name.utf16.prefix(nameUnitCount))
        return units + [UInt16](repeating: 0, count: nameUnitCount - units.count)
    }
}

extension PartitionEntry {
    /// Reads the entry that `bytes`, 128 or more, hold.
    init(diskBytes bytes: [UInt8]) {
        // Nearly all entries of nearly all tables.
        guard bytes.contains(where: { $0 != 0 }) else {
            self = .unused
            return
        }
        self.init(
            typeID: GUID(diskBytes: bytes[0..<16]) ?? .zero, uniqueID: GUID(diskBytes: bytes[16..<32]) ?? .zero,
            firstLBA: bytes.number(UInt64.self, at: 32), lastLBA: bytes.number(UInt64.self, at: 40),
            attributes: PartitionAttributes(rawValue: bytes.number(UInt64.self, at: 48)), name: "")
        nameUnits = (0..<Self.nameUnitCount).map { bytes.number(UInt16.self, at: 56 + $0 * 2) }
        tail = bytes[Self.byteCountMin...].contains { $0 != 0 } ? Array(bytes[Self.byteCountMin...]) : []
    }

    /// The entry in `byteCount` bytes.
    func diskBytes(count byteCount: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        guard self != .unused else { return bytes }
        bytes.put(typeID.diskBytes, at: 0)
        bytes.put(uniqueID.diskBytes, at: 16)
        bytes.put(firstLBA, at: 32)
        bytes.put(lastLBA, at: 40)
        bytes.put(attributes.rawValue, at: 48)
        for (index, unit) in nameUnits.enumerated() { bytes.put(unit, at: 56 + index * 2) }
        bytes.put(tail.prefix(byteCount - Self.byteCountMin), at: Self.byteCountMin)
        return bytes
    }
}
