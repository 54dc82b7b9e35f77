package import PayloadFormat
package import SlotDevice

/// A payload that stands whole on a device, read once from end to end: structure, digests and signatures checked.
package struct PayloadScan: Sendable {
    package let header: PayloadHeader
    package let manifest: PayloadManifest
    /// Everything before the first blob.
    package let metadata: [UInt8]
    package let summary: PayloadSummary

    /// - Parameters:
    ///   - progress: Told how many bytes have been read.
    /// - Throws: ``InstallationError/payload(_:)``, and ``InstallationError/device(partition:_:)`` when reading fails.
    package init(
        of payload: any BlockDevice, policy: SignaturePolicy, limits: PayloadLimits = .standard,
        progress: (UInt64) -> Void = { _ in }
    ) throws(InstallationError) {
        var parser = PayloadStreamParser(policy: policy, limits: limits)
        try Self.forEachPiece(of: payload) { (piece, end) throws(InstallationError) in
            do throws(PayloadError) {
                parser.append(piece[...])
                while try parser.next() != nil {}
            } catch {
                throw .payload(error)
            }
            progress(end)
        }
        do throws(PayloadError) {
            summary = try parser.finish()
        } catch {
            throw .payload(error)
        }
        guard let header = parser.header, let manifest = parser.manifest else {
            throw .payload(.truncated(part: .manifest))
        }
        self.header = header
        self.manifest = manifest
        self.metadata = parser.metadata
    }

    /// The encoded manifest.
    package var manifestBytes: ArraySlice<UInt8> {
        metadata[header.format.headerByteCount..<Int(header.metadataSize)]
    }

    private static let pieceByteCount: UInt64 = 128 << 10

    /// Reads a payload's file in order, from `start` to its end; `body` is given the offset after each piece.
    package static func forEachPiece(
        of payload: any BlockDevice, from start: UInt64 = 0,
        _ body: ([UInt8], UInt64) throws(InstallationError) -> Void
    ) throws(InstallationError) {
        let size = payload.sizeBytes
        var offset = start
        while offset < size {
            let count = Int(min(pieceByteCount, size - offset))
            let piece: [UInt8]
            do throws(DeviceError) {
                piece = try payload.read(at: offset, count: count)
            } catch {
                throw .refused(error.userMessage, updateEngineCode: 9)
            }
            offset += UInt64(count)
            try body(piece, offset)
        }
    }
}
