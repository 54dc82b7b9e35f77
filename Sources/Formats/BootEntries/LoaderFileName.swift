/// The name of any file that systemd-boot takes for an entry when it lies in `EFI/Linux`.
///
/// Names that we did not make are values like ours: they are listed, ordered and left alone.
///
/// Source: UAPI.1 Boot Loader Specification; systemd 252, `src/boot/efi/boot.c`.
package struct LoaderFileName: Hashable, Sendable {
    /// As it stands in the directory.
    package let text: String
    /// The name without counter and suffix, in lower case.
    package let stem: String
    package let counter: BootCounter?

    private static let suffix = ".efi"

    /// `nil` for what the loader passes over: hidden files, names that it makes itself, other suffixes.
    package init?(_ text: String) {
        let lower = text.lowercasedASCII
        guard lower.hasSuffix(Self.suffix), !text.hasPrefix("."), !text.hasPrefix("auto-") else { return nil }
        let name = lower.dropLast(Self.suffix.count)
        self.text = text
        if let plus = name.lastIndex(of: "+"), let counter = BootCounter(digits: name[name.index(after: plus)...]) {
            self.stem = String(name[..<plus])
            self.counter = counter
        } else {
            self.stem = String(name)
            self.counter = nil
        }
    }

    package var state: BootEntryState { BootEntryState(counter) }

    /// By which the loader of systemd 252 orders and selects entries: the whole name in lower case, with the counter.
    package var id: String { text.lowercasedASCII }
}

extension String {
    /// Only ASCII letters change, as in the loader: no tables of other scripts are needed.
    var lowercasedASCII: String {
        String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
