import ContentTrust
import FleetTestKit
package import SlotDevice
import UnifiedKernelImage
package import UpdateModel

/// What is wrong with an EFI system partition after a power cut.
package enum EspFlaw: Hashable, Sendable {
    /// The loader finds nothing that it would boot for other than want of anything better.
    case nothingBootable(names: [String])
    /// The loader takes this file, and its bytes are none that were meant.
    case tornChoice(String)
    /// The directory cannot be read.
    case unreadable(reason: String)
    /// The root of a slot is being written, and the loader would start it.
    case bootsWhileWritten(String)
    /// A name says that its content was proven, which it never was.
    case provenForNothing(String)
    /// mtools and our reader disagree.
    case readersDisagree(ours: [String], theirs: [String]?)
}

extension EspFlaw: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nothingBootable(let names): "nothing bootable among \(names)"
        case .tornChoice(let name): "the loader takes \(name), which is torn"
        case .unreadable(let reason): "unreadable: \(reason)"
        case .bootsWhileWritten(let name): "\(name) can be started while its root is being written"
        case .provenForNothing(let name): "\(name) stands there as proven, and what it holds was never"
        case .readersDisagree(let ours, let theirs): "\(ours) here, \(theirs.map { "\($0)" } ?? "nothing") for mtools"
        }
    }
}

/// What an image would do, without anything that was repaired.
package struct EspSight: Hashable, Sendable {
    package var names: [String] = []
    /// What the loader takes.
    package var choice: String?
    /// What the choice holds, as it was called when the judge was told of it.
    package var boots: String?
    /// Bootable files with bytes that nobody meant, the choice or one behind it.
    package var torn: [String] = []
    /// Whether two names share their clusters.
    package var hasSharedClusters = false
    package var flaws: [EspFlaw] = []
}

/// Says what boots from an image.
package struct EspJudge: Sendable {
    package static let directory = ["EFI", "Linux"]

    /// What whole boot images there may be, and what to call them.
    private let meant: [SHA256Digest: String]
    /// Those of them that never pass their trial.
    private let hopeless: Set<String>

    package init(meant: [SHA256Digest: String], hopeless: Set<String> = []) {
        self.meant = meant
        self.hopeless = hopeless
    }

    /// - Parameter written: the slots whose roots are being written: nothing of them may boot.
    package func look(at device: any BlockDevice, whileWriting written: Set<Slot> = []) -> EspSight {
        do {
            let volume = try FATVolume(device)
            guard let files = try volume.files(in: Self.directory) else {
                return EspSight(flaws: [.unreadable(reason: "there is no EFI/Linux")])
            }
            return look(at: files.filter { !$0.isDirectory }, in: volume, written)
        } catch {
            return EspSight(flaws: [.unreadable(reason: error.userMessage.text)])
        }
    }

    private func look(at files: [FATFile], in volume: FATVolume, _ written: Set<Slot>) -> EspSight {
        var sight = EspSight(names: files.map(\.name).sorted())
        let starts = files.filter { $0.sizeBytes > 0 }.map(\.firstCluster)
        sight.hasSharedClusters = Set(starts).count < starts.count
        let entries = files.filter { isEntry($0, in: volume) }
        sight.choice = SystemdBootModel.choice(among: entries.map(\.name))
        for file in entries where SystemdBootModel.isGoodOrTried(file.name) {
            let label = label(of: file, in: volume)
            if label == nil { sight.torn.append(file.name) }
            if file.name == sight.choice { sight.boots = label }
            if let slot = Self.slot(of: file.name), written.contains(slot) {
                sight.flaws.append(.bootsWhileWritten(file.name))
            }
            if !file.name.contains("+"), let label, hopeless.contains(label) {
                sight.flaws.append(.provenForNothing(file.name))
            }
        }
        guard let choice = sight.choice, SystemdBootModel.isGoodOrTried(choice) else {
            sight.flaws.append(.nothingBootable(names: sight.names))
            return sight
        }
        if sight.boots == nil { sight.flaws.append(.tornChoice(choice)) }
        return sight
    }

    /// `martlet-5-b+2-1.efi` belongs to slot b.
    private static func slot(of name: String) -> Slot? {
        let stem = name.lowercased().prefix { $0 != "+" && $0 != "." }
        return stem.split(separator: "-").last.flatMap { Slot(rawValue: String($0)) }
    }

    /// The loader lists a file when it can read its sections and its release, whatever the rest is like.
    private func isEntry(_ file: FATFile, in volume: FATVolume) -> Bool {
        guard SystemdBootModel.isEntry(file.name), let content = try? volume.content(of: file),
            let image = try? BootImage(content)
        else { return false }
        return (try? image.osRelease().isEmpty) == false
    }

    private func label(of file: FATFile, in volume: FATVolume) -> String? {
        guard let content = try? volume.content(of: file),
            let bytes = try? content.read(at: 0, count: Int(file.sizeBytes))
        else { return nil }
        return meant[StreamDigest.digest(of: bytes)]
    }
}
