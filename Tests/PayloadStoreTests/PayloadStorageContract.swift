import ContentTrust
import FoundationEssentials
import PayloadStore
import PayloadStoreFiles
import Testing
import UpdateModel

/// The stores that keep the contract, each taking at most 10 000 000 bytes.
enum StoreKind: CaseIterable, Sendable {
    case memory, files

    func withStore(_ body: (any PayloadStorage) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(MemoryPayloadStore(sizeMaximum: 10_000_000))
        case .files:
            try await withTemporaryDirectory { directory in
                try await body(FilePayloadStore(directory: directory, sizeMaximum: 10_000_000, reserve: 0))
            }
        }
    }
}

func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let files = FileManager.default
    let directory = files.temporaryDirectory.appending(path: "payloads-\(UUID().uuidString)").path
    do { try await body(directory) } catch {
        try? files.removeItem(atPath: directory)
        throw error
    }
    try? files.removeItem(atPath: directory)
}

extension PayloadStorage {
    /// Sends `chunks`, then breaks off where `error` says so.
    func receive(_ chunks: [[UInt8]], declaredSize: UInt64? = nil, error: (any Error)? = nil)
        async throws(PayloadStorageError) -> StoredPayload
    {
        var rest = chunks[...]
        return try await receive(declaredSize: declaredSize) {
            if let next = rest.popFirst() { return next }
            if let error { throw error }
            return nil
        }
    }
}

@Suite("PayloadStorage contract")
struct PayloadStorageContract {
    private let chunks: [[UInt8]] = (0..<20).map { [UInt8](repeating: UInt8($0), count: 70_000) }
    private var whole: [UInt8] { Array(chunks.joined()) }

    @Test("what goes in comes out, in any part", arguments: StoreKind.allCases)
    func bitsComeBack(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await store.receive(chunks, declaredSize: UInt64(whole.count))
            #expect(stored.size == UInt64(whole.count))
            #expect(stored.sha256 == StreamDigest.digest(of: whole))
            #expect(stored.sha1.utf8.count == 28)
            let reader = try await store.open(stored.sha256)
            #expect(reader.size == stored.size)
            for (offset, count) in [(0, 10), (69_999, 2), (1_399_990, 100), (1_400_000, 5), (500_000, 200_000)] {
                let expected = Array(whole.dropFirst(offset).prefix(count))
                #expect(try await reader.read(at: UInt64(offset), count: count) == expected)
            }
            #expect(try await reader.read(at: .max, count: 1).isEmpty)
            #expect(try await reader.read(at: 0, count: -1).isEmpty)
            #expect(try await store.rehash(stored.sha256) == stored.sha256)
        }
    }

    @Test("the digests are those of the standards", arguments: StoreKind.allCases)
    func digestsAreRight(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await store.receive([Array("ab".utf8), Array("c".utf8)])
            #expect(
                stored.sha256.hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            #expect(stored.sha1 == "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
        }
    }

    @Test("the same bits twice are one payload", arguments: StoreKind.allCases)
    func sameBitsAreOne(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try await store.receive(chunks)
            #expect(try await store.receive([whole]) == first)
            try await store.delete(first.sha256)
            await #expect(throws: PayloadStorageError.notFound(first.sha256)) { try await store.open(first.sha256) }
            await #expect(throws: PayloadStorageError.notFound(first.sha256)) { try await store.rehash(first.sha256) }
            try await store.delete(first.sha256)
        }
    }

    @Test(
        "a wrong length, a broken sender and a payload too large are refused, and nothing is kept",
        arguments: StoreKind.allCases)
    func badUploadsAreRefused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let size = UInt64(whole.count)
            await #expect(throws: PayloadStorageError.wrongSize(declared: size + 1, received: size)) {
                try await store.receive(chunks, declaredSize: size + 1)
            }
            await #expect(throws: PayloadStorageError.wrongSize(declared: 70_001, received: 140_000)) {
                try await store.receive(chunks, declaredSize: 70_001)
            }
            await #expect(throws: PayloadStorageError.tooLarge(limit: 10_000_000)) {
                try await store.receive(chunks, declaredSize: 10_000_001)
            }
            await #expect(throws: PayloadStorageError.tooLarge(limit: 10_000_000)) {
                try await store.receive(Array(repeating: whole, count: 8))
            }
            await #expect(throws: PayloadStorageError.sourceFailed("CancellationError()")) {
                try await store.receive(chunks, error: CancellationError())
            }
            let digest = StreamDigest.digest(of: whole)
            await #expect(throws: PayloadStorageError.notFound(digest)) { try await store.open(digest) }
        }
    }

    private struct Broken: Error {}

    /// Sends some of the chunks, and breaks off unless those are the last.
    private func send(
        _ range: Range<Int>, at offset: Int, to store: any PayloadStorage, digest: SHA256Digest? = nil
    ) async throws -> StoredPayload {
        var rest = chunks[range]
        let part = UploadPart(
            digest: digest ?? StreamDigest.digest(of: whole), declaredSize: UInt64(whole.count), offset: UInt64(offset))
        return try await store.receive(part) {
            if let next = rest.popFirst() { return next }
            if range.upperBound < chunks.count { throw Broken() }
            return nil
        }
    }

    private func sendAll(_ part: UploadPart, _ chunks: [[UInt8]], to store: any PayloadStorage) async throws {
        var rest = chunks[...]
        _ = try await store.receive(part) { rest.popFirst() }
    }

    @Test("an upload that broke off goes on where it was, and nowhere else; nothing half-received is visible", arguments: StoreKind.allCases)
    func uploadsGoOn(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let digest = StreamDigest.digest(of: whole)
            #expect(try await store.keptSize(of: digest) == 0)
            await #expect(throws: PayloadStorageError.self) { try await send(0..<7, at: 0, to: store) }
            #expect(try await store.keptSize(of: digest) == 490_000)
            await #expect(throws: PayloadStorageError.notFound(digest)) { _ = try await store.open(digest) }
            await #expect(throws: PayloadStorageError.wrongOffset(kept: 490_000)) {
                try await send(6..<20, at: 420_000, to: store)
            }
            await #expect(throws: PayloadStorageError.self) { try await send(7..<15, at: 490_000, to: store) }
            #expect(try await store.keptSize(of: digest) == 1_050_000)
            let stored = try await send(15..<20, at: 1_050_000, to: store)
            #expect(stored.sha256 == digest)
            #expect(stored.size == UInt64(whole.count))
            #expect(try await store.keptSize(of: digest) == 0)
            #expect(try await store.rehash(digest) == digest)
            #expect(try await store.open(digest).read(at: 489_999, count: 2) == [6, 7])
        }
    }

    @Test("it may begin anew; too much and other bits leave no part", arguments: StoreKind.allCases)
    func partsEnd(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let digest = StreamDigest.digest(of: whole)
            await #expect(throws: PayloadStorageError.self) { try await send(0..<7, at: 0, to: store) }
            let again = try await send(0..<20, at: 0, to: store)
            #expect(again.sha256 == digest)
            let other = StreamDigest.digest(of: [1])
            #expect(try await send(0..<20, at: 0, to: store, digest: other).sha256 == digest, "named by what it is")
            #expect(try await store.keptSize(of: other) == 0)
            await #expect(throws: PayloadStorageError.wrongSize(declared: 100, received: 70_000)) {
                try await sendAll(UploadPart(digest: other, declaredSize: 100), [chunks[0]], to: store)
            }
            #expect(try await store.keptSize(of: other) == 0)
            await #expect(throws: PayloadStorageError.tooLarge(limit: 10_000_000)) {
                try await sendAll(UploadPart(digest: other, declaredSize: 10_000_001), [], to: store)
            }
        }
    }

    @Test("two senders of the same bits do not write at once", arguments: StoreKind.allCases)
    func oneSender(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let digest = StreamDigest.digest(of: whole)
            var rest = chunks[...]
            var second: PayloadStorageError?
            _ = try await store.receive(UploadPart(digest: digest, declaredSize: UInt64(whole.count))) {
                if second == nil {
                    do { _ = try await send(0..<20, at: 0, to: store) } catch { second = error as? PayloadStorageError }
                }
                return rest.popFirst()
            }
            #expect(second == .uploadUnderWay(digest))
            #expect(try await send(0..<20, at: 0, to: store).sha256 == digest)
        }
    }
}
