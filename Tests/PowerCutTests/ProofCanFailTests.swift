import FleetTestKit
import PartitionTable
import SlotDevice
import Testing

/// Writers with planted mistakes: the power-cut test must find each of them, or it proves nothing.
@Suite struct ProofCanFailTests {
    /// A way to write a table that looks right and is not.
    enum Mistake: String, CaseIterable {
        /// Both copies in one go: the cache may tear both.
        case noFlushBetweenCopies
        /// Headers first, then entries, of both copies, as some tools do.
        case headersBeforeEntries
        /// The primary copy alone.
        case backupForgotten
    }

    @Test(
        "A writer that does not flush between the copies, or orders them badly, is caught",
        arguments: [Mistake.noFlushBetweenCopies, .headersBeforeEntries])
    func catchesBadOrder(_ mistake: Mistake) throws {
        #expect(try strandedMachines(mistake) > 0)
    }

    @Test("A writer that forgets the backup copy is caught by reading back")
    func catchesForgottenBackup() throws {
        let image = try PowerCutRig.image(
            PartitionAttributes(priority: 1, isSuccessful: true), PartitionAttributes())
        let rig = try PowerCutRig(image: image, seed: 1)
        try write(.backupForgotten, to: rig.disk)
        #expect(try PartitionedDisk(rig.disk).read().condition == .copiesDisagree)
    }

    /// How many of the cuts leave a disk that does not boot.
    private func strandedMachines(_ mistake: Mistake) throws -> Int {
        let image = try PowerCutRig.image(
            PartitionAttributes(priority: 1, isSuccessful: true), PartitionAttributes())
        var stranded = 0
        for seed in 1...UInt64(20) {
            for cutPoint in 1... {
                let rig = try PowerCutRig(image: image, seed: seed)
                rig.power.cut(atOperation: cutPoint, survival: .scattered)
                if (try? write(mistake, to: rig.disk)) != nil { break }
                rig.power.restore()
                if case .stoppedAtPrompt = try rig.firmware.boot() { stranded += 1 }
            }
        }
        return stranded
    }

    private func write(_ mistake: Mistake, to disk: FaultyBlockDevice) throws {
        let reading = try PartitionedDisk(disk).read()
        var table = reading.table
        table.entries[3].attributes = PartitionAttributes(priority: 2, triesLeft: 1)
        let backup = table.backupImage(at: reading.placement, sectorSizeBytes: 512)
        let primary = table.primaryImage(at: reading.placement, sectorSizeBytes: 512)
        switch mistake {
        case .noFlushBetweenCopies:
            for image in [backup, primary] {
                try disk.write(image.entries, at: image.entriesOffsetBytes)
                try disk.write(image.header, at: image.headerOffsetBytes)
            }
        case .headersBeforeEntries:
            for image in [primary, backup] { try disk.write(image.header, at: image.headerOffsetBytes) }
            for image in [primary, backup] { try disk.write(image.entries, at: image.entriesOffsetBytes) }
        case .backupForgotten:
            try disk.write(primary.entries, at: primary.entriesOffsetBytes)
            try disk.write(primary.header, at: primary.headerOffsetBytes)
        }
        try disk.flush()
    }
}
