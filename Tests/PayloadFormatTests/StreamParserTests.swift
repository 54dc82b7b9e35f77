import ContentTrust
import PayloadFormat
import Testing
import UpdateModel

@Suite("Reading a payload as it arrives")
struct StreamParserTests {
    @Test("gives the same whatever the chunks", arguments: FormatVersion.allCases, [1, 2, 7, 64, 100_000])
    func chunks(format: FormatVersion, chunk: Int) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.first])
        var parser = PayloadStreamParser(policy: .trusting(SampleKeys.first), expectation: payload.policyExpectation)
        let events = try parser.read(payload.bytes, chunk: chunk)
        let blobs = events.flatMap { event -> [UInt8] in
            if case .operation(_, _, let blob) = event { blob } else { [] }
        }
        #expect(blobs == payload.blobs)
        #expect(parser.manifest?.partitions == payload.manifest.partitions)
        #expect(parser.metadata.starts(with: payload.envelope.metadata))
        let summary = try parser.finish()
        #expect(summary.sizeBytes == UInt64(payload.bytes.count))
        #expect(summary.digest == StreamDigest.digest(of: payload.bytes))
        #expect(summary.signer == SampleKeys.first.verificationKey)
        #expect(summary.signatures.map(\.version) == (format == .one ? [2] : [nil]))
    }

    @Test("cut short at any byte is refused", arguments: FormatVersion.allCases)
    func everyTruncation(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.first])
        for count in 0..<payload.bytes.count {
            var parser = PayloadStreamParser(policy: .trusting(SampleKeys.first))
            _ = try parser.read(Array(payload.bytes.prefix(count)))
            #expect(throws: PayloadError.self, "\(count) bytes") { try parser.finish() }
        }
    }

    @Test("with any one bit changed is refused", arguments: FormatVersion.allCases)
    func everyBitFlip(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.first])
        for index in payload.bytes.indices {
            for bit in 0..<8 {
                var bytes = payload.bytes
                bytes[index] ^= 1 << UInt8(bit)
                var parser = PayloadStreamParser(
                    policy: .trusting(SampleKeys.first), expectation: payload.policyExpectation)
                #expect(throws: PayloadError.self, "bit \(bit) of byte \(index)") {
                    _ = try parser.read(bytes)
                    _ = try parser.finish()
                }
            }
        }
    }

    @Test("with bytes after the end is refused", arguments: FormatVersion.allCases)
    func trailing(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [])
        var parser = PayloadStreamParser(policy: .unverified)
        #expect(throws: PayloadError.trailingBytes) { try parser.read(payload.bytes + [0]) }
    }

    @Test("that is unsigned is refused before any operation, unless that is allowed", arguments: FormatVersion.allCases)
    func unsigned(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [])
        var strict = PayloadStreamParser(policy: .trusting(SampleKeys.first))
        let expected: PayloadError = format == .one ? .signatureMissing : .metadataSignatureMissing
        #expect(throws: expected) { try strict.read(payload.bytes) }
        #expect(strict.manifest == nil)
        var lenient = PayloadStreamParser(policy: .unverified)
        _ = try lenient.read(payload.bytes)
        #expect(try lenient.finish().signer == nil)
    }

    @Test(
        "signed by a stranger is refused; format 2 does not even look at the manifest",
        arguments: FormatVersion.allCases)
    func wrongKey(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.second])
        var parser = PayloadStreamParser(policy: .trusting(SampleKeys.first))
        let expected: PayloadError = format == .one ? .signatureInvalid : .metadataSignatureInvalid
        #expect(throws: expected) { try parser.read(payload.bytes) }
        #expect((parser.manifest == nil) == (format == .two))
        #expect(expected.updateEngineCode == (format == .one ? 18 : 26))
    }

    @Test("is refused when nobody is trusted", arguments: FormatVersion.allCases)
    func nobodyTrusted(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.first])
        var parser = PayloadStreamParser(policy: .trusted(TrustedKeys(keys: [])))
        #expect(throws: PayloadError.self) { try parser.read(payload.bytes) }
    }

    @Test(
        "is trusted when any key made any of its signatures: keys rotate by overlap", arguments: FormatVersion.allCases)
    func rotation(format: FormatVersion) throws {
        let (old, new) = (SampleKeys.first, SampleKeys.long)
        let signers: [[SigningKey]] = [[old], [old, new], [new, old], [new]]
        let trusts: [[SigningKey]] = [[old], [old, new], [new, old], [new]]
        for keys in signers {
            let payload = try SamplePayload(format: format, keys: keys)
            for trusted in trusts {
                var parser = PayloadStreamParser(policy: .trusted(TrustedKeys(keys: trusted.map(\.verificationKey))))
                let shared = keys.contains { key in trusted.contains { $0.verificationKey == key.verificationKey } }
                if shared {
                    _ = try parser.read(payload.bytes)
                    #expect(try parser.finish().signer != nil)
                } else {
                    #expect(throws: PayloadError.self) { try parser.read(payload.bytes) }
                }
            }
        }
    }

    @Test("numbers several signatures of format 1 so that the last is the one old clients take")
    func signatureNumbers() throws {
        let payload = try SamplePayload(format: .one, keys: [SampleKeys.first, SampleKeys.second, SampleKeys.long])
        var parser = PayloadStreamParser(policy: .trusting(SampleKeys.long))
        _ = try parser.read(payload.bytes)
        #expect(try parser.finish().signatures.map(\.version) == [0, 1, 2])
    }

    @Test(
        "of another size than promised is refused with its metadata, before any blob", arguments: FormatVersion.allCases
    )
    func wrongSize(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.first])
        let actual = UInt64(payload.bytes.count)
        for promised in [0, 100, actual - 1, actual + 1, .max] {
            var parser = PayloadStreamParser(
                policy: .trusting(SampleKeys.first), expectation: PayloadExpectation(sizeBytes: promised))
            #expect(throws: PayloadError.self) { try parser.read(payload.bytes) }
            #expect(parser.manifest == nil)
        }
    }

    @Test("of another digest than promised is refused although its signature is good")
    func wrongDigest() throws {
        let payload = try SamplePayload(format: .two, keys: [SampleKeys.first])
        let promised = StreamDigest.digest(of: [1])
        var parser = PayloadStreamParser(
            policy: .trusting(SampleKeys.first), expectation: PayloadExpectation(digest: promised))
        let error = PayloadError.digestMismatch(expected: promised, actual: StreamDigest.digest(of: payload.bytes))
        #expect(throws: error) { try parser.read(payload.bytes) }
        #expect(error.updateEngineCode == 10)
    }

    @Test("damaged in a blob names the operation")
    func damagedBlob() throws {
        let payload = try SamplePayload(format: .one, keys: [])
        var bytes = payload.bytes
        bytes[bytes.count - 1] ^= 1
        var parser = PayloadStreamParser(policy: .unverified)
        #expect(throws: PayloadError.blobDigestMismatch(OperationPlace(partition: "kernel", index: 0))) {
            try parser.read(bytes)
        }
    }
}
