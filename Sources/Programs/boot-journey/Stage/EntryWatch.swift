import QemuKit
import UpdateModel

/// Keeps looking at the names on the boot partition, and remembers each picture that it saw.
actor EntryWatch {
    private let disk: GuestDisk
    /// Without repetitions, oldest first.
    private(set) var pictures: [LoaderEntries] = []
    private var failuresInRow = 0
    /// As many looks are a quarter of a minute or more; no change takes that long.
    private static let failuresInRowMax = 60

    init(_ disk: GuestDisk) { self.disk = disk }

    var latest: LoaderEntries { pictures.last ?? LoaderEntries(names: []) }

    /// Takes a picture.
    @discardableResult func look() async throws -> LoaderEntries {
        let now: LoaderEntries
        do {
            now = try await disk.loaderEntries()
        } catch {
            // A guest may be in the middle of a change: then the picture before stands until the next look.
            failuresInRow += 1
            guard failuresInRow < Self.failuresInRowMax else { throw error }
            return latest
        }
        failuresInRow = 0
        if now != pictures.last { pictures.append(now) }
        return now
    }

    /// Whether any picture since place `start` shows such an entry.
    func hasSeen(_ slot: Slot, _ state: LoaderEntry.State, since start: Int) -> Bool {
        pictures.dropFirst(start).contains { $0.entries(of: slot).contains { $0.state == state } }
    }

    /// The first picture in which the loader would have found nothing good to start.
    var helpless: LoaderEntries? { pictures.first { $0.next?.state.isBad != false } }
}
