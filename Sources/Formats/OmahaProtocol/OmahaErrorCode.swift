/// Why an update failed: a base code, and flags in the four highest bits that tell about the circumstances.
///
/// Source: flatcar/update_engine `src/update_engine/action_processor.h`.
public struct OmahaErrorCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire, with its flags: a signed 32-bit decimal.
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// `base` below 2²⁸ with `flags`.
    public init(base: Int32, flags: Flags = []) {
        let bits = UInt32(bitPattern: base) & Self.baseMask | flags.rawValue & ~Self.baseMask
        self.init(rawValue: Int32(bitPattern: bits))
    }

    /// What failed, without the flags.
    public var base: OmahaErrorCode {
        OmahaErrorCode(rawValue: Int32(bitPattern: UInt32(bitPattern: rawValue) & Self.baseMask))
    }

    /// The circumstances.
    public var flags: Flags { Flags(rawValue: UInt32(bitPattern: rawValue) & ~Self.baseMask) }

    /// The same code with `flags` and no others.
    public func with(_ flags: Flags) -> OmahaErrorCode { OmahaErrorCode(base: base.rawValue, flags: flags) }

    private static let baseMask: UInt32 = 0x0FFF_FFFF

    /// The circumstances of a failure, in bits 28 to 31 of its code.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The machine asks another server than the vendor's public one. Every private fleet shows this.
        public static let testOmahaURL = Flags(rawValue: 1 << 28)
        /// The machine runs a development image.
        public static let testImage = Flags(rawValue: 1 << 29)
        /// The download had been resumed.
        public static let resumed = Flags(rawValue: 1 << 30)
        /// The machine is in developer mode; not set by current clients.
        public static let developerMode = Flags(rawValue: 1 << 31)
    }
}

// An update check that failed in HTTP: 2000 + status.
extension OmahaErrorCode {
    /// The code for an update check that was answered with `status`; `nil` when no answer came.
    public static func http(_ status: Int?) -> OmahaErrorCode {
        guard let status else { return OmahaErrorCode(rawValue: 2000) }
        guard (0..<1000).contains(status) else { return OmahaErrorCode(rawValue: 2999) }
        return OmahaErrorCode(rawValue: Int32(2000 + status))
    }

    /// The HTTP status in an update check's code; 0 when no answer came, `nil` for a code of another kind.
    public var httpStatus: Int? {
        let number = base.rawValue
        return (2000...2999).contains(number) ? Int(number) - 2000 : nil
    }
}
