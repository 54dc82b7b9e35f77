import ContentTrust
import FoundationEssentials
import PayloadStore
import PayloadStoreFiles
import Synchronization
import Testing
import UpdateModel

@Suite struct FilePayloadStoreTests {
    private let files = FileManager.default

    @Test("an upload that does not fit is refused before anything is written")
    func fullDiskIsRefused() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 1000) { _ in 5000 }
            var asked = false
            await #expect(throws: PayloadStorageError.full(needed: 4001, available: 4000, reserve: 1000)) {
                try await store.receive(declaredSize: 4001) {
                    asked = true
                    return nil
                }
            }
            #expect(!asked)
            _ = try await store.receive([[UInt8](repeating: 1, count: 4000)], declaredSize: 4000)
        }
    }

    @Test(
        "a full store tells what it keeps free, and never that nothing is needed",
        arguments: [
            (4096, 1 << 20, "keeps 1.0 MiB free and has 0 B beyond that; the payload needs 4.0 KiB."),
            (0, 1 << 20, "keeps 1.0 MiB free and has 0 B beyond that; too little for the rest of the payload."),
            (4096, 0, "has 0 B free; the payload needs 4.0 KiB."),
        ] as [(UInt64, UInt64, String)])
    func fullStoreTellsItsReserve(needed: UInt64, reserve: UInt64, text: String) {
        let error = PayloadStorageError.full(needed: needed, available: 0, reserve: reserve)
        #expect(error.userMessage.text == "The payload store \(text)")
    }

    @Test("uploads at the same time are not promised the same space")
    func spaceIsPromisedOnce() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 0) { _ in 5000 }
            var inner: PayloadStorageError?
            var sent = false
            _ = try await store.receive(declaredSize: 3000) {
                if sent { return nil }
                sent = true
                do { _ = try await store.receive([[1]], declaredSize: 2001) } catch {
                    inner = error as? PayloadStorageError
                }
                return [UInt8](repeating: 0, count: 3000)
            }
            #expect(inner == .full(needed: 2001, available: 5000))
            _ = try await store.receive([[UInt8](repeating: 1, count: 5000)], declaredSize: 5000)
        }
    }

    @Test("a disk that fills up while an undeclared upload runs stops it")
    func fillingDiskStopsUndeclaredUpload() async throws {
        try await withTemporaryDirectory { directory in
            let looks = Mutex(0)
            let store = try FilePayloadStore(directory: directory, reserve: 1000) { _ in
                looks.withLock { count in
                    count += 1
                    return count < 3 ? 1 << 30 : 500
                }
            }
            let chunk = [UInt8](repeating: 0, count: 4 << 20)
            await #expect(throws: PayloadStorageError.full(needed: 0, available: 0, reserve: 1000)) {
                try await store.receive(Array(repeating: chunk, count: 20))
            }
            #expect(try files.contentsOfDirectory(atPath: "\(directory)/incoming").isEmpty)
        }
    }

    @Test("what a killed upload left behind is removed at the start; whole payloads stay")
    func leftoversAreRemoved() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 0)
            let stored = try await store.receive([[1, 2, 3]])
            try Data([1]).write(to: URL(filePath: "\(directory)/incoming/stale.part"))
            let again = try FilePayloadStore(directory: directory, reserve: 0)
            #expect(try files.contentsOfDirectory(atPath: "\(directory)/incoming").isEmpty)
            #expect(try await again.rehash(stored.sha256) == stored.sha256)
        }
    }

    @Test("changed bits are seen by hashing again, and a new upload heals them")
    func changedBitsAreSeen() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 0)
            let stored = try await store.receive([[1, 2, 3]])
            let name = stored.sha256.hexadecimal
            try Data([1, 2, 4]).write(to: URL(filePath: "\(directory)/\(name.prefix(2))/\(name)"))
            #expect(try await store.rehash(stored.sha256) == StreamDigest.digest(of: [1, 2, 4]))
            _ = try await store.receive([[1, 2, 3]])
            #expect(try await store.rehash(stored.sha256) == stored.sha256)
            #expect(try await store.open(stored.sha256).read(at: 0, count: 9) == [1, 2, 3])
        }
    }

    @Test("a thousand readers share one descriptor, and go on after the payload is deleted")
    func readersShareADescriptor() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 0)
            let stored = try await store.receive([[UInt8](repeating: 7, count: 100_000)])
            let before = try files.contentsOfDirectory(atPath: "/proc/self/fd").count
            var readers: [any PayloadReader] = []
            for _ in 0..<1000 { readers.append(try await store.open(stored.sha256)) }
            #expect(try files.contentsOfDirectory(atPath: "/proc/self/fd").count < before + 100)
            try await store.delete(stored.sha256)
            for reader in readers.suffix(3) { #expect(try await reader.read(at: 99_999, count: 5) == [7]) }
        }
    }

    private struct Broken: Error {}

    /// Sends so many bytes of `value` of a thousand, and breaks off.
    private func breakOff(_ store: FilePayloadStore, _ value: UInt8, after count: Int) async throws -> SHA256Digest {
        let digest = StreamDigest.digest(of: [UInt8](repeating: value, count: 1000))
        var isSent = false
        await #expect(throws: PayloadStorageError.self) {
            _ = try await store.receive(UploadPart(digest: digest, declaredSize: 1000)) {
                if isSent { throw Broken() }
                isSent = true
                return [UInt8](repeating: value, count: count)
            }
        }
        return digest
    }

    @Test("what broke off outlives a restart, is not believed, and is too old after seven days")
    func partsOutliveTheProcess() async throws {
        try await withTemporaryDirectory { directory in
            let digest = try await breakOff(FilePayloadStore(directory: directory, reserve: 0), 7, after: 400)
            let store = try FilePayloadStore(directory: directory, reserve: 0)
            #expect(try await store.keptSize(of: digest) == 400)
            let part = "\(directory)/incoming/\(digest.hexadecimal).upload"
            try Data([UInt8](repeating: 9, count: 400)).write(to: URL(filePath: part))
            var rest = [[UInt8](repeating: 7, count: 600)][...]
            let stored = try await store.receive(UploadPart(digest: digest, declaredSize: 1000, offset: 400)) {
                rest.popFirst()
            }
            #expect(stored.sha256 != digest, "the part was damaged, and the digest says so")
            let old = try await breakOff(store, 8, after: 10)
            let path = "\(directory)/incoming/\(old.hexadecimal).upload"
            try files.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -7 * 86_400 - 60)], ofItemAtPath: path)
            #expect(try await FilePayloadStore(directory: directory, reserve: 0).keptSize(of: old) == 0)
        }
    }

    @Test("what is too old goes while the server runs, too, but never what is on its way in")
    func partsGrowOld() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 0)
            func makeOld(_ digest: SHA256Digest) throws {
                let path = "\(directory)/incoming/\(digest.hexadecimal).upload"
                try files.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -7 * 86_400 - 60)], ofItemAtPath: path)
            }
            let (old, young) = (try await breakOff(store, 1, after: 10), try await breakOff(store, 2, after: 10))
            try makeOld(old)
            #expect(try await store.removeOldParts() == 1)
            #expect(try await store.keptSize(of: old) == 0)
            #expect(try await store.keptSize(of: young) == 10)
            var chunks = [[UInt8](repeating: 2, count: 500), [UInt8](repeating: 2, count: 490)][...]
            _ = try await store.receive(UploadPart(digest: young, declaredSize: 1000, offset: 10)) {
                try makeOld(young)
                #expect(try await store.removeOldParts() == 0)
                return chunks.popFirst()
            }
            #expect(try await store.rehash(young) == young)
        }
    }

    @Test("where there is no room for the rest, what came is kept until there is")
    func fullDiskKeepsTheParts() async throws {
        try await withTemporaryDirectory { directory in
            let free = Mutex<UInt64>(5000)
            let store = try FilePayloadStore(directory: directory, reserve: 0) { _ in free.withLock { $0 } }
            let digest = try await breakOff(store, 7, after: 400)
            var rest = [[UInt8](repeating: 7, count: 600)][...]
            let part = UploadPart(digest: digest, declaredSize: 1000, offset: 400)
            free.withLock { $0 = 100 }
            await #expect(throws: PayloadStorageError.full(needed: 600, available: 100)) {
                _ = try await store.receive(part) { rest.popFirst() }
            }
            #expect(try await store.keptSize(of: digest) == 400)
            free.withLock { $0 = 5000 }
            #expect(try await store.receive(part) { rest.popFirst() }.sha256 == digest)
        }
    }

    @Test("no more than sixteen are kept: the oldest goes")
    func partsAreBounded() async throws {
        try await withTemporaryDirectory { directory in
            let store = try FilePayloadStore(directory: directory, reserve: 0)
            var digests: [SHA256Digest] = []
            for value in 0..<UInt8(17) {
                digests.append(try await breakOff(store, value, after: 10))
                let path = "\(directory)/incoming/\(digests[Int(value)].hexadecimal).upload"
                let moment = Date(timeIntervalSinceNow: Double(value) - 100)
                try files.setAttributes([.modificationDate: moment], ofItemAtPath: path)
            }
            #expect(try await store.keptSize(of: digests[0]) == 0)
            for digest in digests.dropFirst() { #expect(try await store.keptSize(of: digest) == 10) }
        }
    }
}
