package import UpdateModel

/// The name of a slot's entry: `martlet-5-b+3-0.efi` while it is tried, `martlet-5-b.efi` once it is good.
///
/// ```text
/// martlet-<serial>-<slot>.efi                good
/// martlet-<serial>-<slot>+<left>-<done>.efi  to be tried; bad when left is 0
/// martlet-<slot>.new                         being written: no entry
/// ```
///
/// The serial number counts activations. The loader takes the entry with the highest one, so what boots follows from
/// what was activated last, and never from the text of a version. This needs images without a sort key: see
/// ``systemdBootOrder(_:)``.
package struct BootEntryName: Hashable, Sendable, CustomStringConvertible {
    /// The loader's `default` is this with a star.
    package static let prefix = "martlet-"
    /// The highest serial that is ever given. With it, and a counter of two digits each, a name has 26 characters: two
    /// long-name records and a short one on FAT. Four such files and a staged one stay within one sector.
    package static let serialMax = 999_999

    /// From a name found on the disk it may exceed ``serialMax``; what has no place in 31 bits is cut to them.
    package let serial: Int
    package let slot: Slot
    package let counter: BootCounter?

    package init(serial: Int, slot: Slot, counter: BootCounter? = nil) {
        self.serial = serial
        self.slot = slot
        self.counter = counter
    }

    /// `nil` for a name of any other form.
    package init?(_ file: LoaderFileName) {
        guard let serial = Self.claimedSerial(of: file) else { return nil }
        let rest = file.stem.dropFirst(Self.prefix.count).drop { Self.isDigit($0) }
        guard rest.first == "-", let slot = Slot(rawValue: String(rest.dropFirst())) else { return nil }
        self.init(serial: serial, slot: slot, counter: file.counter)
    }

    /// `nil` for a name of any other form, and for one that is no entry at all.
    package init?(_ text: String) {
        guard let file = LoaderFileName(text) else { return nil }
        self.init(file)
    }

    package var state: BootEntryState { BootEntryState(counter) }

    /// The file's name.
    package var description: String { "\(Self.prefix)\(serial)-\(slot)\(counter?.text ?? "").efi" }

    /// Where the image of `slot` is written, until an activation makes it an entry.
    package static func stagedName(of slot: Slot) -> String { "\(prefix)\(slot).new" }

    /// Whether the loader's `default martlet-*` takes the entry.
    package static func isDefault(_ file: LoaderFileName) -> Bool { file.id.hasPrefix(prefix) }

    /// The number after the prefix, whatever follows it: an entry with a higher one comes before it. `nil` when there
    /// is none, and every number comes before it.
    package static func claimedSerial(of file: LoaderFileName) -> Int? {
        guard isDefault(file) else { return nil }
        let digits = file.stem.dropFirst(prefix.count).prefix { isDigit($0) }
        guard !digits.isEmpty else { return nil }
        return digits.reduce(0) { min($0 * 10 + ($1.wholeNumberValue ?? 0), BootCounter.valueMax) }
    }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }
}
