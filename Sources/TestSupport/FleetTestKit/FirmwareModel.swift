import PartitionTable
package import SlotDevice
package import UpdateModel

/// What the boot loader made of a disk.
package enum BootOutcome: Hashable, Sendable {
    case booted(Slot)
    /// The machine waits at GRUB's prompt for a person; `reason` completes “because …”.
    case stoppedAtPrompt(reason: String)
}

/// Plays the part of GRUB as Flatcar configures it: chooses by `gptprio.next`, counts the try on the disk, loads the
/// kernel of the chosen slot, and falls back up to three times when that fails.
///
/// Written from the loader's rules alone, and shares none with the code that it is used to test, except for reading
/// the table.
///
/// Source: `flatcar/scripts:…/user-patches/sys-boot/grub/grub-2.12-add-gpt-partition-scheme.patch`,
/// `flatcar/scripts:build_library/grub.cfg`.
package struct FirmwareModel: Sendable {
    private static let slotType = GUID("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6")
    private static let slotAPartition = GUID("7130c94a-213a-4e5a-8e26-6cce9662f132")
    /// GRUB's menu entry, and its `fallback="0 0 0"`.
    private static let attempts = 4

    private let disk: any BlockDevice
    private let kernels: any FileArea
    private let isKernelIntact: @Sendable (Slot, any BlockDevice) -> Bool

    /// - Parameters:
    ///   - disk: the whole disk.
    ///   - kernels: the directory that holds `vmlinuz-a` and `vmlinuz-b`.
    ///   - isKernelIntact: whether the kernel file of a slot would load: a torn one does not.
    package init(
        disk: any BlockDevice, kernels: any FileArea,
        isKernelIntact: @escaping @Sendable (Slot, any BlockDevice) -> Bool
    ) {
        self.disk = disk
        self.kernels = kernels
        self.isKernelIntact = isKernelIntact
    }

    /// Switches the machine on, until a kernel runs or the loader gives up.
    /// - Throws: when the power goes meanwhile; any other failure stops at the prompt.
    package func boot() throws(DeviceError) -> BootOutcome {
        var outcome = BootOutcome.stoppedAtPrompt(reason: "no kernel could be loaded")
        for _ in 0..<Self.attempts {
            let slot: Slot
            switch try takeNextSlot() {
            case .success(let chosen): slot = chosen
            case .failure(let stop): return .stoppedAtPrompt(reason: stop.reason)
            }
            if try loadsKernel(of: slot) { return .booted(slot) }
            outcome = .stoppedAtPrompt(reason: "the kernel of slot \(slot) could not be loaded")
        }
        return outcome
    }

    private struct Stop: Error {
        let reason: String
    }

    /// `gptprio.next`: chooses, and writes down that a try was used.
    private func takeNextSlot() throws(DeviceError) -> Result<Slot, Stop> {
        let reading: TableReading
        do {
            reading = try PartitionedDisk(disk).read()
        } catch .device(.powerLost) {
            throw .powerLost
        } catch {
            return .failure(Stop(reason: error.userMessage.text))
        }
        var table = reading.table
        var best: (index: Int, priority: UInt64) = (-1, 0)
        for (index, entry) in table.entries.enumerated() where entry.typeID == Self.slotType {
            let word = entry.attributes.rawValue
            let (priority, tries, successful) = (word >> 48 & 15, word >> 52 & 15, word >> 56 & 1)
            if tries > 0 || successful == 1, priority > best.priority { best = (index, priority) }
        }
        guard best.index >= 0 else { return .failure(Stop(reason: "no partition may be booted")) }
        let word = table.entries[best.index].attributes.rawValue
        if word >> 52 & 15 > 0 {
            table.entries[best.index].attributes.rawValue = word - 1 << 52
            if let stop = try write(table, at: reading.placement) { return .failure(stop) }
        }
        return .success(table.entries[best.index].uniqueID == Self.slotAPartition ? .a : .b)
    }

    /// The backup copy, then the primary copy, each header first. The platform's firmware writes through.
    private func write(_ table: GUIDPartitionTable, at placement: TablePlacement) throws(DeviceError) -> Stop? {
        let backup = table.backupImage(at: placement, sectorSizeBytes: disk.sectorSizeBytes)
        let primary = table.primaryImage(at: placement, sectorSizeBytes: disk.sectorSizeBytes)
        do {
            for image in [backup, primary] {
                try disk.write(image.header, at: image.headerOffsetBytes)
                try disk.flush()
                try disk.write(image.entries, at: image.entriesOffsetBytes)
                try disk.flush()
            }
            return nil
        } catch .powerLost {
            throw .powerLost
        } catch {
            return Stop(reason: error.userMessage.text)
        }
    }

    private func loadsKernel(of slot: Slot) throws(DeviceError) -> Bool {
        do {
            guard let kernel = try kernels.open("vmlinuz-\(slot)") else { return false }
            return isKernelIntact(slot, kernel)
        } catch .powerLost {
            throw .powerLost
        } catch {
            return false
        }
    }
}
