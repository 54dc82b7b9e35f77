/// How much room each partition gets.
package struct PartitionSizes: Hashable, Sendable, Codable {
    package var espMebibytes: Int
    package var rootMebibytes: Int
    package var verityMebibytes: Int
    /// At least; on a larger disk the state takes all that is left.
    package var stateMebibytes: Int

    package static let usual = PartitionSizes(
        espMebibytes: 256, rootMebibytes: 512, verityMebibytes: 8, stateMebibytes: 512)

    package init(espMebibytes: Int, rootMebibytes: Int, verityMebibytes: Int, stateMebibytes: Int) {
        self.espMebibytes = espMebibytes
        self.rootMebibytes = rootMebibytes
        self.verityMebibytes = verityMebibytes
        self.stateMebibytes = stateMebibytes
    }
}

/// Where the six partitions lie: whole mebibytes, one after the other, the state last so that it can grow.
///
/// Source: Discoverable Partitions Specification. The roots say “not by itself” (bit 63): our initramfs picks one by
/// its root hash, and systemd's own search must not.
package struct DiskLayout: Hashable, Sendable {
    package enum Role: String, CaseIterable, Sendable {
        case esp
        case rootA = "root-a"
        case rootAVerity = "root-a-verity"
        case rootB = "root-b"
        case rootBVerity = "root-b-verity"
        case state
    }

    package struct Partition: Hashable, Sendable {
        package let role: Role
        package let type: String
        package let startMebibytes: Int
        package let sizeMebibytes: Int
        package let isNotAutomatic: Bool

        package var offsetBytes: UInt64 { UInt64(startMebibytes) << 20 }
        package var sizeBytes: UInt64 { UInt64(sizeMebibytes) << 20 }
    }

    package let partitions: [Partition]

    private static let espType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
    private static let stateType = "0fc63daf-8483-4772-8e79-3d69d8477de4"

    /// - Parameter diskMebibytes: the state takes what the others leave of it; `nil`: the smallest disk.
    package init(sizes: PartitionSizes, platform: ImagePlatform, diskMebibytes: Int? = nil) {
        // One mebibyte each for the table at the beginning and its copy at the end.
        let fixed = sizes.espMebibytes + 2 * (sizes.rootMebibytes + sizes.verityMebibytes) + 2
        let state = diskMebibytes.map { $0 - fixed } ?? sizes.stateMebibytes
        var start = 1
        partitions = Role.allCases.map { role in
            let (type, size): (String, Int) =
                switch role {
                case .esp: (Self.espType, sizes.espMebibytes)
                case .rootA, .rootB: (platform.rootType, sizes.rootMebibytes)
                case .rootAVerity, .rootBVerity: (platform.rootVerityType, sizes.verityMebibytes)
                case .state: (Self.stateType, state)
                }
            defer { start += size }
            return Partition(
                role: role, type: type, startMebibytes: start, sizeMebibytes: size,
                isNotAutomatic: role != .esp && role != .state)
        }
    }

    /// Of the whole disk.
    package var sizeBytes: UInt64 {
        let last = partitions[partitions.count - 1]
        return last.offsetBytes + last.sizeBytes + (1 << 20)
    }

    package subscript(role: Role) -> Partition { partitions[Role.allCases.firstIndex(of: role) ?? 0] }

    /// For `sfdisk`, which gives the disk and each partition an id by chance: they differ from disk to disk.
    /// - Parameter sectorBytes: of the disk.
    package func script(sectorBytes: Int = 512) -> String {
        let sectors = (1 << 20) / sectorBytes
        let lines = partitions.map { partition in
            "start=\(partition.startMebibytes * sectors), size=\(partition.sizeMebibytes * sectors), "
                + "type=\(partition.type), name=\"\(partition.role.rawValue)\""
                + (partition.isNotAutomatic ? ", attrs=\"GUID:63\"" : "")
        }
        return (["label: gpt"] + lines).joined(separator: "\n") + "\n"
    }
}
