/// The 64 attribute bits of a partition, with names for those that boot loaders use. Bits without a name are kept.
///
/// ```text
///  63 no automount · 60 read-only · 59 grow file system │ 56 successful │ 55–52 tries │ 51–48 priority │ 2 legacy boot · 0 required
/// ```
/// Bits 48–63 belong to the partition's type: priority, tries and successful mean something only on the slots of
/// CoreOS, Flatcar and ChromeOS.
///
/// Source: UEFI Specification 2.10, clause 5.3.3; `flatcar/seismograph:src/firmware/include/gpt.h`;
/// `uapi-group/specifications:specs/discoverable_partitions_specification.md`.
public struct PartitionAttributes: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: UInt64

    /// The largest priority, and the largest number of tries.
    public static let fieldMax = 15

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameters:
    ///   - priority: 0–15; 0 never boots.
    ///   - triesLeft: 0–15.
    public init(priority: Int = 0, triesLeft: Int = 0, isSuccessful: Bool = false) {
        self.rawValue = 0
        self.priority = priority
        self.triesLeft = triesLeft
        self.isSuccessful = isSuccessful
    }

    /// 0 never boots, 15 is first. A value outside 0–15 is set to the nearest.
    public var priority: Int {
        get { field(at: 48) }
        set { setField(at: 48, newValue) }
    }

    /// Boots that may still be tried. A value outside 0–15 is set to the nearest.
    public var triesLeft: Int {
        get { field(at: 52) }
        set { setField(at: 52, newValue) }
    }

    /// What the slot holds has proven itself.
    public var isSuccessful: Bool {
        get { bit(56) }
        set { setBit(56, newValue) }
    }

    /// The platform needs the partition to work.
    public var isRequired: Bool {
        get { bit(0) }
        set { setBit(0, newValue) }
    }

    /// A BIOS boot loader may start from here.
    public var isLegacyBootable: Bool {
        get { bit(2) }
        set { setBit(2, newValue) }
    }

    private func field(at shift: Int) -> Int { Int(truncatingIfNeeded: rawValue >> UInt64(shift) & 15) }

    private mutating func setField(at shift: Int, _ value: Int) {
        let clamped = UInt64(min(max(value, 0), Self.fieldMax))
        rawValue = rawValue & ~(15 << UInt64(shift)) | clamped << UInt64(shift)
    }

    private func bit(_ index: UInt64) -> Bool { rawValue >> index & 1 == 1 }

    private mutating func setBit(_ index: UInt64, _ value: Bool) {
        rawValue = rawValue & ~(1 << index) | (value ? 1 << index : 0)
    }
}
