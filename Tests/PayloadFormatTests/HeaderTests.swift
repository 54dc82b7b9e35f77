import PayloadFormat
import Testing
import UpdateModel

@Suite("A payload's header")
struct HeaderTests {
    @Test("reads back as it was written", arguments: FormatVersion.allCases)
    func roundTrip(format: FormatVersion) throws {
        let header = PayloadHeader(
            format: format, manifestSize: 0x0102_0304, metadataSignatureSize: format == .two ? 267 : 0)
        let bytes = header.encoded
        #expect(bytes.count == format.headerByteCount)
        #expect(bytes.starts(with: Array("CrAU".utf8)))
        #expect(try PayloadHeader(parsing: bytes[...]) == header)
        #expect(header.blobsOffset == UInt64(format.headerByteCount) + 0x0102_0304 + (format == .two ? 267 : 0))
    }

    @Test("cut short anywhere is refused", arguments: FormatVersion.allCases)
    func truncated(format: FormatVersion) {
        let bytes = PayloadHeader(format: format, manifestSize: 90).encoded
        for count in 0..<bytes.count {
            #expect(throws: count < 4 ? PayloadError.notAPayload : .truncated(part: .header)) {
                try PayloadHeader(parsing: bytes.prefix(count))
            }
        }
    }

    @Test("of a strange version names the version", arguments: [0, 3, .max] as [UInt64])
    func strangeVersion(number: UInt64) {
        let bytes = Array("CrAU".utf8) + withBytes(number) + [UInt8](repeating: 0, count: 12)
        #expect(throws: PayloadError.unsupportedFormat(number)) { try PayloadHeader(parsing: bytes[...]) }
    }

    @Test(
        "that asks for too much is refused before anything is allocated", arguments: [64 << 20 + 1, .max] as [UInt64])
    func oversize(size: UInt64) {
        let bytes = Array("CrAU".utf8) + withBytes(1) + withBytes(size)
        #expect(throws: PayloadError.overLimit(.manifestBytes, value: size, max: 64 << 20)) {
            try PayloadHeader(parsing: bytes[...])
        }
    }

    @Test("with a huge metadata signature is refused")
    func oversizeSignature() {
        let bytes = Array("CrAU".utf8) + withBytes(2) + withBytes(90) + [0xFF, 0xFF, 0xFF, 0xFF]
        #expect(throws: PayloadError.overLimit(.signatureBytes, value: 0xFFFF_FFFF, max: 64 << 10)) {
            try PayloadHeader(parsing: bytes[...])
        }
    }

    @Test("of a web page is no payload, and the message says so")
    func webPage() {
        let page = Array("<!DOCTYPE html><html>".utf8)
        #expect(throws: PayloadError.notAPayload) { try PayloadHeader(parsing: page[...]) }
        #expect(PayloadError.notAPayload.updateEngineCode == 21)
        #expect(PayloadError.notAPayload.userMessage.exit == .badData)
    }

    private func withBytes(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
    }
}
