internal import FoundationEssentials
internal import SwiftProtobuf

/// One signature of a payload or of its metadata.
public struct PayloadSignature: Hashable, Sendable {
    /// Format 1: old clients take only the first signature numbered 2. `nil` in format 2.
    public let version: UInt32?
    /// The signature itself, without padding.
    public let bytes: [UInt8]
}

/// Several signatures in the message that stands in a payload.
///
/// Source: flatcar/update_engine, src/update_engine/payload_signer.cc; AOSP update_engine, payload_signer.cc.
enum SignatureBlob {
    /// More is nobody's payload, and each costs a verification with every key.
    static let countMax = 8

    /// The message for `signatures`, in their order.
    ///
    /// Format 1 numbers them 3−N … 2, so the last one is what old clients take. Format 2 notes the unpadded size.
    static func encode(_ signatures: [[UInt8]], format: FormatVersion) throws(PayloadError) -> [UInt8] {
        guard !signatures.isEmpty else { return [] }
        try PayloadError.check(UInt64(signatures.count), .signatures, max: UInt64(countMax))
        var message = Schema.Signatures()
        for (index, bytes) in signatures.enumerated() {
            var signature = Schema.Signatures.Signature()
            signature.data = Data(bytes)
            switch format {
            case .one: signature.version = UInt32(max(0, 3 - signatures.count + index))
            case .two: signature.unpaddedSignatureSize = UInt32(truncatingIfNeeded: bytes.count)
            }
            message.signatures.append(signature)
        }
        return try message.encodedBytes()
    }

    /// How long the message is for signatures of these sizes.
    static func byteCount(of signatureSizes: [Int], format: FormatVersion) throws(PayloadError) -> Int {
        try encode(signatureSizes.map { [UInt8](repeating: 0, count: $0) }, format: format).count
    }

    /// - Throws: ``PayloadError/signatureMalformed``, ``PayloadError/overLimit(_:value:max:)``.
    static func decode(_ bytes: ArraySlice<UInt8>) throws(PayloadError) -> [PayloadSignature] {
        guard let message = Schema.decodeSignatures(bytes) else { throw .signatureMalformed }
        try PayloadError.check(UInt64(message.signatures.count), .signatures, max: UInt64(countMax))
        return message.signatures.map { signature in
            let unpadded = signature.hasUnpaddedSignatureSize ? Int(signature.unpaddedSignatureSize) : Int.max
            return PayloadSignature(
                version: signature.hasVersion ? signature.version : nil, bytes: Array(signature.data.prefix(unpadded)))
        }
    }
}
