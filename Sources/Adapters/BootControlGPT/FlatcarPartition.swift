package import PartitionTable
package import UpdateModel

/// The partitions of a Flatcar disk: types, labels, numbers, and the unique ids that every image shares.
///
/// Source: `flatcar/scripts:build_library/disk_layout.json`; UEFI Specification 2.10, table 5-7;
/// `uapi-group/specifications:specs/discoverable_partitions_specification.md`.
package enum FlatcarPartition: Int, CaseIterable, Sendable {
    case efiSystem = 1
    case biosBoot = 2
    case usrA = 3
    case usrB = 4
    case oem = 6
    case oemConfig = 7
    case root = 9

    /// The partition's number, from 1. Numbers 5 and 8 are reserved and unused.
    package var number: Int { rawValue }

    package var label: String {
        switch self {
        case .efiSystem: "EFI-SYSTEM"
        case .biosBoot: "BIOS-BOOT"
        case .usrA: "USR-A"
        case .usrB: "USR-B"
        case .oem: "OEM"
        case .oemConfig: "OEM-CONFIG"
        case .root: "ROOT"
        }
    }

    package var typeID: GUID {
        switch self {
        case .efiSystem: Self.guid("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
        case .biosBoot: Self.guid("21686148-6449-6e6f-744e-656564454649")
        case .usrA, .usrB: Self.usrType
        case .oem: Self.guid("0fc63daf-8483-4772-8e79-3d69d8477de4")
        case .oemConfig: Self.guid("c95dc21a-df0e-4340-8d7b-26cbfa9a03e0")
        case .root: Self.guid("3884dd41-8582-4404-b9a8-e9b84f2df50e")
        }
    }

    /// The type by which GRUB and the updater know a slot.
    package static let usrType = guid("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6")

    package static func usr(_ slot: Slot) -> FlatcarPartition { slot == .a ? .usrA : .usrB }

    package static func usrLabel(of slot: Slot) -> String { usr(slot).label }

    /// The same in every image: GRUB chooses the kernel file by it.
    package static func usrUniqueID(of slot: Slot) -> GUID {
        switch slot {
        case .a: guid("7130c94a-213a-4e5a-8e26-6cce9662f132")
        case .b: guid("e03dd35c-7c2d-4a47-b3fe-27f15780a57c")
        }
    }

    /// For constants of this file only.
    private static func guid(_ text: String) -> GUID {
        guard let identifier = GUID(text) else { preconditionFailure("\(text) is not a GUID") }
        return identifier
    }
}

extension Slot {
    /// The slot whose partition a kernel's command line names as `/usr`; `nil` when it names none of the two.
    ///
    /// Reads `verity.usr=`, `mount.usr=` and `usr=` with `PARTUUID=` or `PARTLABEL=`; the first that is understood counts.
    package init?(kernelCommandLine text: String) {
        let words = text.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        for key in ["verity.usr=", "mount.usr=", "usr="] {
            for word in words where word.hasPrefix(key) {
                let value = word.dropFirst(key.count).lowercased()
                let named = Slot.allCases.first { slot in
                    value == "partuuid=\(FlatcarPartition.usrUniqueID(of: slot))"
                        || value == "partlabel=\(FlatcarPartition.usrLabel(of: slot).lowercased())"
                }
                if let named {
                    self = named
                    return
                }
            }
        }
        return nil
    }
}
