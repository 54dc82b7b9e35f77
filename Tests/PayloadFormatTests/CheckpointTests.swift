import FoundationEssentials
import PayloadFormat
import Testing
import UpdateModel

@Suite("Going on from a checkpoint")
struct CheckpointTests {
    @Test("at every operation gives what one go gives", arguments: FormatVersion.allCases)
    func everyCheckpoint(format: FormatVersion) throws {
        let payload = try SamplePayload(format: format, keys: [SampleKeys.first])
        let checkpoints = try self.checkpoints(of: payload)
        #expect(checkpoints.count == 5)
        for checkpoint in checkpoints {
            var parser = try resume(checkpoint, payload)
            _ = try parser.read(Array(payload.bytes.dropFirst(Int(checkpoint.nextByteOffset))))
            let summary = try parser.finish()
            #expect(summary.digest == payload.policyExpectation.digest)
            #expect(summary.sizeBytes == payload.policyExpectation.sizeBytes)
        }
    }

    @Test("survives being stored as JSON")
    func stored() throws {
        let payload = try SamplePayload(format: .two, keys: [SampleKeys.first])
        for checkpoint in try checkpoints(of: payload) {
            let data = try JSONEncoder().encode(checkpoint)
            #expect(try JSONDecoder().decode(PayloadCheckpoint.self, from: data) == checkpoint)
        }
    }

    @Test("of another payload is refused")
    func foreign() throws {
        let payload = try SamplePayload(format: .one, keys: [SampleKeys.first])
        let other = try SamplePayload(format: .one, keys: [SampleKeys.first, SampleKeys.second])
        let checkpoint = try #require(try checkpoints(of: payload).last)
        #expect(throws: PayloadError.checkpointMismatch) { try resume(checkpoint, other) }
    }

    @Test(
        "that was tampered with is refused",
        arguments: ["nextOperation", "nextDataOffset", "nextByteOffset", "version"])
    func tampered(field: String) throws {
        let payload = try SamplePayload(format: .two, keys: [SampleKeys.first])
        let checkpoint = try #require(try checkpoints(of: payload).last)
        let text = String(decoding: try JSONEncoder().encode(checkpoint), as: UTF8.self)
        let start = try #require(text.firstRange(of: "\"\(field)\":")).upperBound
        for digit in ["9", "0"] where text[start...].first.map(String.init) != digit {
            var changed = text
            changed.replaceSubrange(start..<text.index(after: start), with: digit)
            guard let data = try? JSONDecoder().decode(PayloadCheckpoint.self, from: Data(changed.utf8)) else {
                continue
            }
            #expect(throws: PayloadError.checkpointMismatch) { try resume(data, payload) }
        }
    }

    @Test("checks the stored metadata's signature again")
    func metadataSignature() throws {
        let payload = try SamplePayload(format: .two, keys: [SampleKeys.first])
        let checkpoint = try #require(try checkpoints(of: payload).first)
        let metadata = Array(payload.bytes.prefix(Int(payload.envelope.header.blobsOffset)))
        #expect(throws: PayloadError.metadataSignatureInvalid) {
            try PayloadStreamParser(resuming: checkpoint, metadata: metadata, policy: .trusting(SampleKeys.second))
        }
    }

    private func checkpoints(of payload: SamplePayload) throws -> [PayloadCheckpoint] {
        var parser = PayloadStreamParser(policy: .trusting(SampleKeys.first))
        var checkpoints: [PayloadCheckpoint] = []
        parser.append(payload.bytes[...])
        while try parser.next() != nil {
            if let checkpoint = parser.checkpoint { checkpoints.append(checkpoint) }
        }
        return checkpoints
    }

    private func resume(
        _ checkpoint: PayloadCheckpoint, _ payload: SamplePayload
    ) throws(PayloadError) -> PayloadStreamParser {
        try PayloadStreamParser(
            resuming: checkpoint, metadata: Array(payload.bytes.prefix(Int(payload.envelope.header.blobsOffset))),
            policy: .trusting(SampleKeys.first), expectation: payload.policyExpectation)
    }
}
