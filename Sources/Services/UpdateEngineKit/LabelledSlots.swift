import BootControl
import FoundationEssentials
import HostLinux
import PartitionTable
import SlotDevice
import UpdateModel

/// The slots of a disk whose partitions are told by their labels: `root-a`, `root-a-verity`, `root-b`, `root-b-verity`.
struct LabelledSlots: Sendable {
    enum Part: String, Sendable {
        case root = ""
        case verity = "-verity"
    }

    let disk: any BlockDevice
    let booted: Slot
    let running: RunningPartitions

    /// Refuses to work where the running root lies on another slot than the one that is said to run: everything that
    /// protects the running slot would protect the wrong one.
    func checkBooted() throws {
        let region = try device(booted, .root)
        guard try running.isUnknown || running.contains(startBytes: region.startBytes) else {
            throw BootControlError.unreadable(reason: "slot \(booted) is said to run, but the root lies elsewhere")
        }
    }

    static func label(_ slot: Slot, _ part: Part) -> String { "root-\(slot)\(part.rawValue)" }

    /// - Throws: ``BootControlError`` when the partition is missing or there twice, and when a slot that is said to be
    ///   passive lies where the running root lies (architecture invariant 1).
    func device(_ slot: Slot, _ part: Part) throws -> DeviceRegion {
        let label = Self.label(slot, part)
        let table = try PartitionedDisk(disk).read().table
        let entries = table.entries.filter { !$0.isUnused && $0.name == label }
        guard let entry = entries.first, entries.count == 1 else {
            throw BootControlError.unreadable(reason: "the disk has \(entries.count) partitions named \(label)")
        }
        let region = try entry.region(of: disk)
        if slot != booted, try running.contains(startBytes: region.startBytes) {
            throw BootControlError.isRunning(slot)
        }
        return region
    }
}

/// The partitions that the running root lies on, as the kernel tells.
struct RunningPartitions: Sendable {
    /// The root directory of the system that is updated; trials have one that is no mount point.
    let root: String

    /// Whether one of them begins at this byte of its disk.
    ///
    /// A root on dm-verity has the data and the hash partition for its slaves. Where the kernel tells of none, such as
    /// for a trial in a directory, nothing is known and nothing refused.
    func contains(startBytes: UInt64) throws -> Bool { try starts().contains(startBytes) }

    /// Whether the kernel tells of none.
    var isUnknown: Bool { get throws { try starts().isEmpty } }

    private func starts() throws -> [UInt64] {
        guard root == "/" || root.isEmpty, let device = MountedDevice.number(of: "/") else { return [] }
        let folder = "/sys/dev/block/\(device)/slaves"
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
            // In units of 512 bytes, whatever the disk's sectors.
            let text = RootFiles(root: "/").text("\(folder)/\(name)/start")
            return text.flatMap { UInt64($0.prefix { $0.isNumber }) }.map { $0 &* 512 }
        }
    }
}
