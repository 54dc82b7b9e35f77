package import SlotDevice

/// What systemd-boot made of an EFI system partition.
package enum SystemdBootOutcome: Hashable, Sendable {
    /// The file that runs, under the name that it has now.
    case booted(String)
    /// The firmware refused to load the file; the machine waits for a person.
    case stuck(String)
    /// No entry at all.
    case nothing
}

/// Plays the part of systemd-boot 252 with `default martlet-*` and no time-out: lists `EFI/Linux`, orders what is
/// there, takes the best, counts the try by renaming, and starts it.
///
/// Written from the loader's rules alone, and shares no code with what it judges. Images have no sort key.
///
/// Source: systemd 252 `src/boot/efi/boot.c`; UAPI.1 Boot Loader Specification; UAPI.10 Version Format Specification.
package struct SystemdBootModel: Sendable {
    private let files: any FileArea
    private let isIntact: @Sendable (String, any BlockDevice) -> Bool

    /// - Parameters:
    ///   - files: the directory `EFI/Linux`.
    ///   - isIntact: whether the firmware would load the file of that name: a torn one is refused.
    package init(files: any FileArea, isIntact: @escaping @Sendable (String, any BlockDevice) -> Bool) {
        self.files = files
        self.isIntact = isIntact
    }

    /// Switches the machine on.
    /// - Throws: when the power goes meanwhile.
    package func boot() throws(DeviceError) -> SystemdBootOutcome {
        var listed: [String] = []
        for name in try files.names() where try files.open(name)?.sizeBytes ?? 0 > 0 { listed.append(name) }
        guard let chosen = Self.choice(among: listed) else { return .nothing }
        var running = chosen
        if let counted = Self.nameAfterBoot(of: chosen), counted != chosen {
            do {
                try files.rename(chosen, to: counted)
                running = counted
            } catch .powerLost {
                throw .powerLost
            } catch {}  // The loader says so and boots uncounted.
        }
        guard let file = try files.open(running) else { return .stuck(running) }
        return isIntact(running, file) ? .booted(running) : .stuck(running)
    }

    /// The file that the loader takes among those of these names; `nil` when none is an entry.
    package static func choice(among names: [String]) -> String? {
        let entries = names.filter(isEntry)
        let wanted = entries.filter { $0.lowercased().hasPrefix("martlet-") }
        return (wanted.isEmpty ? entries : wanted).max { isBehind($0, $1) }
    }

    /// Whether the loader looks into a file of this name at all.
    package static func isEntry(_ name: String) -> Bool {
        name.lowercased().hasSuffix(".efi") && !name.hasPrefix(".") && !name.hasPrefix("auto-")
    }

    /// Whether the loader would boot it for other than want of anything better.
    package static func isGoodOrTried(_ name: String) -> Bool { (tries(of: name)?.left ?? 1) > 0 }

    /// What the loader renames the file to when it boots it; `nil` when it counts no tries.
    package static func nameAfterBoot(of name: String) -> String? {
        guard let (left, done) = tries(of: name), let plus = name.lastIndex(of: "+") else { return nil }
        return name[...plus] + "\(max(left - 1, 0))-\(min(done + 1, 2_147_483_647)).efi"
    }

    private static func tries(of name: String) -> (left: Int, done: Int)? {
        guard let plus = name.lastIndex(of: "+") else { return nil }
        let numbers = name[name.index(after: plus)...].dropLast(4)
            .split(separator: "-", omittingEmptySubsequences: false)
        let values = numbers.compactMap { text in
            text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
        }
        guard values.count == numbers.count, (1...2).contains(values.count), values.allSatisfy({ $0 < 1 << 31 }) else {
            return nil
        }
        return (values[0], values.count == 2 ? values[1] : 0)
    }

    private static func isBehind(_ one: String, _ other: String) -> Bool {
        let isBad = (!isGoodOrTried(one), !isGoodOrTried(other))
        if isBad.0 != isBad.1 { return isBad.0 }
        let order = versionOrder(Array(one.lowercased().utf8), Array(other.lowercased().utf8))
        if order != 0 { return order < 0 }
        guard let mine = tries(of: one), let theirs = tries(of: other) else { return false }
        return mine.left != theirs.left ? mine.left < theirs.left : mine.done > theirs.done
    }

    /// Below zero when the first is the older one.
    private static func versionOrder(_ one: [UInt8], _ other: [UInt8]) -> Int {
        let marks = Array("~-^.".utf8)
        let isPart: (UInt8) -> Bool = { isDigit($0) || isLetter($0) || marks.contains($0) }
        var (a, b) = (one.drop { !isPart($0) }, other.drop { !isPart($0) })
        for mark in marks {
            // Behind the tilde, and only there, the end of the text counts.
            if mark == marks[1], a.isEmpty || b.isEmpty { return a.count - b.count }
            let (hasA, hasB) = (a.first == mark, b.first == mark)
            if hasA != hasB { return hasA ? -1 : 1 }
            if hasA { (a, b) = (a.dropFirst(), b.dropFirst()) }
        }
        let isNumeric = a.first.map(isDigit) == true || b.first.map(isDigit) == true
        let runA = a.prefix(while: isNumeric ? isDigit : isLetter)
        let runB = b.prefix(while: isNumeric ? isDigit : isLetter)
        let order = isNumeric ? numberOrder(runA, runB) : textOrder(runA, runB)
        return order != 0 ? order : versionOrder(Array(a.dropFirst(runA.count)), Array(b.dropFirst(runB.count)))
    }

    private static func numberOrder(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Int {
        if one.isEmpty || other.isEmpty { return one.count - other.count }
        let (a, b) = (one.drop { $0 == 48 }, other.drop { $0 == 48 })
        return a.count != b.count ? a.count - b.count : textOrder(a, b)
    }

    private static func textOrder(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Int {
        one.elementsEqual(other) ? 0 : one.lexicographicallyPrecedes(other) ? -1 : 1
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    private static func isLetter(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 || byte >= 65 && byte <= 90 }
}
