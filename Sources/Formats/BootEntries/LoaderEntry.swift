/// One file in `EFI/Linux`, with what its `.osrel` section adds to its name.
package struct LoaderEntry: Hashable, Sendable {
    package var name: LoaderFileName
    /// `IMAGE_ID` or `ID`. Entries that have one come before all that have none.
    package var sortKey: String?
    package var machineID: String?
    /// `IMAGE_VERSION`, `VERSION`, `VERSION_ID` or `BUILD_ID`; counts only beside a sort key.
    package var version: String?

    package init(_ name: LoaderFileName, sortKey: String? = nil, machineID: String? = nil, version: String? = nil) {
        self.name = name
        self.sortKey = sortKey
        self.machineID = machineID
        self.version = version
    }
}

/// The entries as systemd-boot lists them, what it would rather boot first.
///
/// Source: systemd 252, `config_entry_compare` in `src/boot/efi/boot.c`.
package func systemdBootOrder(_ entries: [LoaderEntry]) -> [LoaderEntry] {
    let order = entries.indices.sorted { left, right in
        let order = compareLoaderEntries(entries[left], entries[right])
        return order != 0 ? order < 0 : left < right
    }
    return order.map { entries[$0] }
}

/// The entry that boots: of those that `default martlet-*` names the first, a bad one too when there is no other; if it
/// names none, the first of all. `nil` when there is nothing.
package func systemdBootDefault(_ entries: [LoaderEntry]) -> LoaderEntry? {
    let ordered = systemdBootOrder(entries)
    return ordered.first { BootEntryName.isDefault($0.name) } ?? ordered.first
}

/// Negative when `left` comes first.
private func compareLoaderEntries(_ left: LoaderEntry, _ right: LoaderEntry) -> Int {
    let isBad = (left.name.state == .bad, right.name.state == .bad)
    if isBad.0 != isBad.1 { return isBad.0 ? 1 : -1 }
    if let order = compareSortKeys(left, right) { return order }
    let byName = -LoaderVersionOrder.compare(left.name.id, right.name.id)
    if byName != 0 { return byName }
    guard let counters = left.name.counter.flatMap({ one in right.name.counter.map { (one, $0) } }) else { return 0 }
    // More tries left first; then what was tried less.
    if counters.0.left != counters.1.left { return counters.0.left > counters.1.left ? -1 : 1 }
    return counters.0.done == counters.1.done ? 0 : counters.0.done < counters.1.done ? -1 : 1
}

/// `nil` when sort keys decide nothing.
private func compareSortKeys(_ left: LoaderEntry, _ right: LoaderEntry) -> Int? {
    guard let leftKey = left.sortKey, let rightKey = right.sortKey else {
        return left.sortKey != nil ? -1 : right.sortKey != nil ? 1 : nil
    }
    if leftKey != rightKey { return precedes(leftKey, rightKey) ? -1 : 1 }
    let machines = (left.machineID ?? "", right.machineID ?? "")
    if machines.0 != machines.1 { return precedes(machines.0, machines.1) ? -1 : 1 }
    let byVersion = -LoaderVersionOrder.compare(left.version ?? "", right.version ?? "")
    return byVersion == 0 ? nil : byVersion
}

/// By bytes, as C compares texts.
private func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
