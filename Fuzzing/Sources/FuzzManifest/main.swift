import FuzzDriver
import Glibc
import PayloadFormat

// Takes any bytes as a manifest and as a whole payload. Neither may crash the reader. A manifest that is accepted must
// be accepted again with room for a signature, and then say the same.
exit(
    fuzz { bytes in
        for format in FormatVersion.allCases {
            guard let manifest = try? PayloadManifest(decoding: bytes[...], format: format) else { continue }
            _ = manifest.contentDigest
            for partition in manifest.partitions { _ = manifest.workingSizeBytes(of: partition) }
            guard let envelope = try? PayloadEnvelope(resigning: bytes[...], format: format, signatureSizes: [256])
            else { continue }
            let again = try? PayloadManifest(
                decoding: envelope.metadata.dropFirst(format.headerByteCount), format: format)
            precondition(again?.partitions == manifest.partitions, "A manifest changed when it was signed.")
            precondition(again?.signaturesOffset == manifest.blobsLength, "A signature is not where blobs end.")
        }
        var parser = PayloadStreamParser(policy: .unverified)
        for start in stride(from: 0, to: bytes.count, by: 13) {
            parser.append(bytes[start..<min(start + 13, bytes.count)])
            do { while try parser.next() != nil {} } catch { return }
        }
        if let summary = try? parser.finish() {
            precondition(summary.sizeBytes == UInt64(bytes.count), "A payload ended before its end.")
        }
    })
