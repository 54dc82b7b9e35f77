package import FleetModel
internal import FleetStorage
package import PayloadStore
package import UpdateModel

/// What is uploaded, and what for.
package struct PayloadUpload: Sendable {
    package var application: ApplicationID
    package var version: Version
    package var architecture: Architecture
    /// The exact version a delta starts from; `nil` for a full payload.
    package var source: Version?
    package var fileName: String
    package var declaredSize: UInt64?
    /// Refused when the bits hash to something else.
    package var expectedDigest: SHA256Digest?
    /// Where it goes on: how much of it is kept of an upload that broke off. Beyond 0 it needs digest and size.
    package var offset: UInt64 = 0

    package init(
        application: ApplicationID, version: Version, architecture: Architecture, source: Version? = nil,
        fileName: String, declaredSize: UInt64? = nil, expectedDigest: SHA256Digest? = nil
    ) {
        self.application = application
        self.version = version
        self.architecture = architecture
        self.source = source
        self.fileName = fileName
        self.declaredSize = declaredSize
        self.expectedDigest = expectedDigest
    }
}

/// What a payload says of itself.
package struct PayloadDescription: Hashable, Sendable {
    /// Major version of the format: 1 or 2.
    package var format: Int
    package var isDelta: Bool
    /// Names what it makes of a slot.
    package var contentDigest: SHA256Digest?
    /// Names what a delta starts from, where it says so.
    package var sourceContentDigest: SHA256Digest?

    package init(
        format: Int, isDelta: Bool, contentDigest: SHA256Digest? = nil, sourceContentDigest: SHA256Digest? = nil
    ) {
        self.format = format
        self.isDelta = isDelta
        self.contentDigest = contentDigest
        self.sourceContentDigest = sourceContentDigest
    }
}

extension FleetControl {
    /// Of one release, or of the whole application when `version` is `nil`.
    package func payloads(of application: ApplicationID, version: Version?, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<Payload>
    {
        if let version {
            _ = try await release(version, of: application, by: caller)
        } else {
            _ = try await self.application(application, by: caller)
        }
        return try await reading { () async throws(FleetStoreError) in
            try await store.payloads(of: application, version: version, page)
        }
    }

    /// Opens stored bits for a download. Needs no caller: payloads are signed, and their names are their digests.
    package func openPayload(_ digest: SHA256Digest) async throws(OperationError) -> any PayloadReader {
        do { return try await payloads.open(digest) } catch { throw .payloads(error) }
    }

    /// Takes a payload in and adds it to its release.
    /// - Parameters:
    ///   - describe: reads the stored file's own description; what it throws is told to the caller as invalid.
    ///   - nextChunk: gives the next bytes, and `nil` at the end.
    package func addPayload(
        _ upload: PayloadUpload, by caller: Caller,
        describe: (any PayloadReader) async throws -> PayloadDescription,
        nextChunk: () async throws -> [UInt8]?
    ) async throws(OperationError) -> Payload {
        try require(.publisher, of: caller)
        _ = try TextRule.label.check(upload.fileName, "The file name")
        try await checkIsNew(upload, by: caller)
        await custodian.begin()
        var stored: StoredPayload?
        do {
            let bits = try await receive(upload, nextChunk)
            stored = bits
            let payload = try await examine(bits, upload, describe)
            let object = Self.object(upload.application, upload.version.text, upload.architecture.name)
            let detail = "SHA-256 \(payload.sha256), \(payload.size) bytes"
            try await commit(.addPayload(payload), by: caller, "payload.add", on: object, detail)
            await custodian.end(suspect: nil)
            return payload
        } catch {
            await custodian.end(suspect: stored?.sha256)
            throw error
        }
    }

    /// Refused while a channel points at its release. The bits go too, unless another release has the same.
    package func deletePayload(
        of version: Version, _ architecture: Architecture, source: Version? = nil, in application: ApplicationID,
        by caller: Caller
    ) async throws(OperationError) {
        try require(.admin, of: caller)
        let payload = try await existing(application, version, architecture, source)
        await custodian.begin()
        do {
            let change = FleetChange.deletePayload(application, version, architecture, source: source)
            let object = Self.object(application, version.text, architecture.name)
            try await commit(change, by: caller, "payload.delete", on: object, "SHA-256 \(payload.sha256)")
            await custodian.end(suspect: payload.sha256)
        } catch {
            await custodian.end(suspect: nil)
            throw error
        }
    }

    /// Refuses before the upload what would be refused after it; the store checks again when it records.
    func checkIsNew(_ upload: PayloadUpload, by caller: Caller) async throws(OperationError) {
        _ = try await release(upload.version, of: upload.application, by: caller)
        let others = try await allPayloads(of: upload.application, version: upload.version)
        let other = others.first { $0.architecture == upload.architecture && $0.source == upload.source }
        if let other { throw .store(.alreadyExists(.payload, other.summary)) }
    }

    private func receive(_ upload: PayloadUpload, _ nextChunk: () async throws -> [UInt8]?)
        async throws(OperationError) -> StoredPayload
    {
        guard let digest = upload.expectedDigest, let size = upload.declaredSize else {
            guard upload.offset == 0 else {
                throw .invalid("An upload that goes on names the digest and the size of the whole.", hint: nil)
            }
            do {
                return try await payloads.receive(declaredSize: upload.declaredSize, nextChunk: nextChunk)
            } catch {
                throw .payloads(error)
            }
        }
        let part = UploadPart(digest: digest, declaredSize: size, offset: upload.offset)
        do { return try await payloads.receive(part, nextChunk: nextChunk) } catch { throw .payloads(error) }
    }

    /// How much is kept of an upload of these bits that broke off.
    package func keptUpload(of digest: SHA256Digest, by caller: Caller) async throws(OperationError) -> UInt64 {
        try require(.publisher, of: caller)
        do { return try await payloads.keptSize(of: digest) } catch { throw .payloads(error) }
    }

    /// Removes what is kept of uploads that broke off too long ago; to be called now and then.
    /// - Returns: how many.
    package func removeOldUploads() async throws(OperationError) -> Int {
        do { return try await payloads.removeOldParts() } catch { throw .payloads(error) }
    }

    func examine(
        _ bits: StoredPayload, _ upload: PayloadUpload,
        _ describe: (any PayloadReader) async throws -> PayloadDescription
    ) async throws(OperationError) -> Payload {
        if let expected = upload.expectedDigest, expected != bits.sha256 {
            throw .invalid("The payload's SHA-256 is \(bits.sha256), not \(expected).", hint: "Send it again.")
        }
        let description: PayloadDescription
        do {
            description = try await describe(try await openPayload(bits.sha256))
        } catch let error as OperationError {
            throw error
        } catch {
            let message = (error as? any UserFacingError)?.userMessage
            throw .invalid(message?.text ?? "The payload cannot be read: \(error).", hint: message?.hint)
        }
        guard description.isDelta == (upload.source != nil) else {
            let text = description.isDelta ? "a delta: say from which version" : "full: it has no source version"
            throw .invalid("The payload is \(text).", hint: nil)
        }
        try await checkContent(description, of: upload)
        return Payload(
            application: upload.application, version: upload.version, architecture: upload.architecture,
            source: upload.source, sha256: bits.sha256, sha1: bits.sha1, size: bits.size, fileName: upload.fileName,
            format: description.format, contentDigest: description.contentDigest, addedAt: now)
    }

    /// All payloads of a release make the same bits, and a delta starts from those of the release that it names. What
    /// the server has no other payload of cannot be compared.
    private func checkContent(_ description: PayloadDescription, of upload: PayloadUpload) async throws(OperationError) {
        if let made = description.contentDigest,
            let other = try await content(of: upload.version, upload), other != made
        {
            throw .invalid(
                "The payload makes other bits than the payload that \(upload.version) has already.",
                hint: "Was one of the two made from another build of the release?")
        }
        guard let source = upload.source, let start = description.sourceContentDigest,
            let known = try await content(of: source, upload), known != start
        else { return }
        throw .invalid(
            "The delta does not start from the bits of \(source) that this server has.",
            hint: "Make it from the images of which the payload of \(source) was made.")
    }

    /// What the payloads of a release make of a slot; `nil` when there are none, or they do not say.
    private func content(
        of version: Version, _ upload: PayloadUpload
    ) async throws(OperationError) -> SHA256Digest? {
        try await allPayloads(of: upload.application, version: version)
            .first { $0.architecture == upload.architecture && $0.contentDigest != nil }?.contentDigest
    }

    private func existing(
        _ application: ApplicationID, _ version: Version, _ architecture: Architecture, _ source: Version?
    ) async throws(OperationError) -> Payload {
        let all = try await allPayloads(of: application, version: version)
        let match = all.first { $0.architecture == architecture && $0.source == source }
        return try found(match, .payload, "\(version) \(architecture)")
    }

    /// Every payload of a release; there are as many as architectures and deltas.
    func allPayloads(of application: ApplicationID, version: Version) async throws(OperationError) -> [Payload] {
        var all: [Payload] = []
        while true {
            let page = PageRequest(limit: PageRequest.limitMaximum, offset: all.count)
            let next = try await reading { () async throws(FleetStoreError) in
                try await store.payloads(of: application, version: version, page)
            }
            all += next.items
            if next.items.isEmpty || all.count >= next.total { return all }
        }
    }
}
