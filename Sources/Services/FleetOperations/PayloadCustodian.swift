internal import FleetStorage
internal import PayloadStore
internal import UpdateModel

/// Deletes payload bits that no release refers to any more, and never while an upload of the same bits may be about to
/// be recorded.
///
/// Uploads announce themselves. Bits that may be garbage are looked at when no upload is under way; an upload that begins
/// meanwhile waits for that to finish.
actor PayloadCustodian {
    private let store: any FleetStore
    private let payloads: any PayloadStorage
    private var uploadsUnderWay = 0
    private var isSweeping = false
    private var suspects: Set<SHA256Digest> = []
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(store: any FleetStore, payloads: any PayloadStorage) {
        self.store = store
        self.payloads = payloads
    }

    func begin() async {
        while isSweeping {
            await withCheckedContinuation { waiting.append($0) }
        }
        uploadsUnderWay += 1
    }

    /// - Parameter suspect: bits that may have no record now.
    func end(suspect: SHA256Digest?) async {
        uploadsUnderWay -= 1
        if let suspect { suspects.insert(suspect) }
        guard uploadsUnderWay == 0, !isSweeping, !suspects.isEmpty else { return }
        isSweeping = true
        for digest in suspects where await isUnrecorded(digest) {
            // Bits that could not be deleted do no harm but take space; they are tried again with the next deletion.
            guard (try? await payloads.delete(digest)) != nil else { continue }
            suspects.remove(digest)
        }
        isSweeping = false
        let resumed = waiting
        waiting = []
        for continuation in resumed { continuation.resume() }
    }

    /// When the store cannot tell, the bits stay.
    private func isUnrecorded(_ digest: SHA256Digest) async -> Bool {
        do {
            if try await store.payload(withDigest: digest) == nil { return true }
            suspects.remove(digest)
            return false
        } catch {
            return false
        }
    }
}
