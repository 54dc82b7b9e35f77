internal import ContentTrust
package import FleetModel
internal import FleetStorage
package import PayloadStore
package import UpdateModel

// Payloads that lie elsewhere: read once, whole, and examined as an upload is, before any machine is sent there.
extension FleetControl {
    /// Fetches a payload and adds it to its release. The server keeps nothing of it but what it learned.
    ///
    /// - Parameters:
    ///   - upload: what it is for; its file name is that of the URLs.
    ///   - urls: where it lies, the first choice first. Each is read whole, and all must give the same bits.
    ///   - describe: reads the fetched file's own description.
    package func addPayload(
        _ upload: PayloadUpload, at urls: [PayloadURL], by caller: Caller,
        describe: (any PayloadReader) async throws -> PayloadDescription
    ) async throws(OperationError) -> Payload {
        try require(.publisher, of: caller)
        try check(urls)
        try await checkIsNew(upload, by: caller)
        let key = FetchDesk.Key(
            application: upload.application, version: upload.version, architecture: upload.architecture,
            source: upload.source)
        try fetches.begin(key, at: urls[0])
        defer { fetches.end(key) }
        var payload = try await learn(upload, urls[0], key, describe)
        for url in urls.dropFirst() { payload.mirrors.append(try await mirror(url, of: payload, key)) }
        let object = Self.object(upload.application, upload.version.text, upload.architecture.name)
        let places = urls.map(\.text).joined(separator: ", ")
        let detail = "SHA-256 \(payload.sha256), \(payload.size) bytes, at \(places)"
        try await commit(.addPayload(payload), by: caller, "payload.add", on: object, detail)
        return payload
    }

    /// Stores the file, examines it, and lets its bits go.
    ///
    /// It is in custody only from its last byte on: another server takes hours, and bits that nobody needs wait until
    /// no upload is in custody.
    private func learn(
        _ upload: PayloadUpload, _ url: PayloadURL, _ key: FetchDesk.Key,
        _ describe: (any PayloadReader) async throws -> PayloadDescription
    ) async throws(OperationError) -> Payload {
        var isInCustody = false
        var stored: StoredPayload?
        do {
            let first = try await fetch(url, key) {
                await custodian.begin()
                isInCustody = true
            }
            stored = first.bits
            var payload = try await examine(first.bits, upload, describe)
            payload.mirrors = [PayloadMirror(url: url, marks: first.marks)]
            await custodian.end(suspect: first.bits.sha256)
            return payload
        } catch {
            if isInCustody { await custodian.end(suspect: stored?.sha256) }
            throw error
        }
    }

    /// How far the fetch of a payload is; `nil` where none is under way.
    package func fetchProgress(
        of version: Version, _ architecture: Architecture, source: Version?, in application: ApplicationID,
        by caller: Caller
    ) async throws(OperationError) -> FetchProgress? {
        _ = try await release(version, of: application, by: caller)
        return fetches.progress(
            of: FetchDesk.Key(application: application, version: version, architecture: architecture, source: source))
    }

    /// Payloads that lie elsewhere, those that cannot be had first; of one application, or of all.
    package func payloadsElsewhere(of application: ApplicationID?, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<Payload>
    {
        try require(.viewer, of: caller)
        return try await reading { () async throws(FleetStoreError) in
            try await store.payloadsElsewhere(of: application, page)
        }
    }

    private func check(_ urls: [PayloadURL]) throws(OperationError) {
        guard (1...PayloadMirror.countMaximum).contains(urls.count), Set(urls).count == urls.count else {
            throw .invalid("A payload lies at 1 to \(PayloadMirror.countMaximum) different addresses.", hint: nil)
        }
        guard Set(urls.map(\.fileName)).count == 1 else {
            throw .invalid(
                "The addresses end in different names.", hint: "Machines are told one name for all of them.")
        }
    }

    /// Takes the file into the store, as an upload that nobody sent.
    /// - Parameter noteEnd: called once, after the last byte and before the bits are there for others.
    private func fetch(_ url: PayloadURL, _ key: FetchDesk.Key, _ noteEnd: () async -> Void)
        async throws(OperationError) -> (bits: StoredPayload, marks: [String])
    {
        var fault: RemoteFileError?
        do {
            return try await remote.read(url) { file, nextChunk in
                var received: UInt64 = 0
                let bits = try await payloads.receive(declaredSize: file.size) {
                    do {
                        guard let chunk = try await nextChunk() else {
                            await noteEnd()
                            return nil
                        }
                        received += UInt64(chunk.count)
                        fetches.note(FetchProgress(url: url, received: received, size: file.size), of: key)
                        return chunk
                    } catch let error as RemoteFileError {
                        fault = error
                        throw error
                    }
                }
                return (bits, [file.mark].compactMap { $0 })
            }
        } catch {
            throw Self.operationError(fault ?? error, url)
        }
    }

    private func mirror(_ url: PayloadURL, of payload: Payload, _ key: FetchDesk.Key)
        async throws(OperationError) -> PayloadMirror
    {
        let found: RemoteBits
        do {
            found = try await read(url, of: payload) { received, size in
                fetches.note(FetchProgress(url: url, received: received, size: size), of: key)
            }
        } catch { throw Self.operationError(error, url) }
        guard found.digest == payload.sha256 else {
            throw .invalid(
                "The file at \(url) is not the one at \(payload.mirrors[0].url).", hint: "All copies are the same file.")
        }
        return PayloadMirror(url: url, marks: [found.file.mark].compactMap { $0 })
    }

    private static func operationError(_ error: any Error, _ url: PayloadURL) -> OperationError {
        switch error {
        case let error as OperationError: error
        case let error as RemoteFileError: .remote(error)
        case let error as PayloadStorageError: .payloads(error)
        default: .remote(.unavailable(url, reason: "reading it was ended"))
        }
    }
}

/// What a file elsewhere turned out to be.
struct RemoteBits: Sendable {
    let file: RemoteFile
    /// `nil` where it is longer or shorter than the payload.
    let digest: SHA256Digest?
}

// Reading again.
extension FleetControl {
    /// Reads a copy whole, and keeps nothing of it. One that is too long is given up as soon as that shows.
    func read(
        _ url: PayloadURL, of payload: Payload, _ note: (UInt64, UInt64?) -> Void = { _, _ in }
    ) async throws -> RemoteBits {
        try await remote.read(url) { file, nextChunk in
            if let size = file.size, size != payload.size { return RemoteBits(file: file, digest: nil) }
            var digest = StreamDigest()
            var received: UInt64 = 0
            while received <= payload.size, let chunk = try await nextChunk() {
                digest.update(chunk)
                received += UInt64(chunk.count)
                note(received, file.size)
            }
            return RemoteBits(file: file, digest: received == payload.size ? digest.finalized() : nil)
        }
    }

    /// Reads every copy that machines are sent to. All must be the payload; one that cannot be reached is passed over
    /// while another can.
    func rehashElsewhere(_ payload: Payload) async throws(OperationError) -> SHA256Digest? {
        var reason = payload.mirrors.compactMap(\.trouble).first?.text ?? ""
        var found: SHA256Digest?
        for mirror in payload.openMirrors {
            do {
                found = try await read(mirror.url, of: payload).digest
            } catch {
                reason = Self.words(for: error)
                continue
            }
            guard found == payload.sha256 else { return found }
        }
        if let found { return found }
        throw .payloadUnavailable(payload.version, payload.architecture, reason: reason)
    }

    static func words(for error: any Error) -> String {
        (error as? any UserFacingError)?.userMessage.text ?? "Reading it was ended."
    }
}
