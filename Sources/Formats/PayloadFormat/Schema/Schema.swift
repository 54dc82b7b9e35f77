internal import FoundationEssentials
internal import SwiftProtobuf

/// Short names for the generated messages.
enum Schema {
    typealias Manifest = Martlet_Payload_Manifest
    typealias Operation = Martlet_Payload_Operation
    typealias Extent = Martlet_Payload_Extent
    typealias Info = Martlet_Payload_Info
    typealias Procedure = Martlet_Payload_Procedure
    typealias PartitionUpdate = Martlet_Payload_PartitionUpdate
    typealias Signatures = Martlet_Payload_Signatures

    /// Decodes the message, keeping fields it does not know, within `limits`.
    static func decodeManifest(
        _ bytes: ArraySlice<UInt8>, limits: PayloadLimits
    ) throws(PayloadError) -> Manifest {
        try PayloadError.check(UInt64(bytes.count), .manifestBytes, max: limits.manifestBytesMax)
        try ManifestCensus.check(bytes, limits: limits)
        do {
            return try Manifest(serializedBytes: Data(bytes), partial: true, options: decodingOptions)
        } catch {
            throw .malformedManifest(.undecodable)  // The library's reasons name no place; ours is as good.
        }
    }

    /// `nil` when the bytes are no such message.
    static func decodeSignatures(_ bytes: ArraySlice<UInt8>) -> Signatures? {
        try? Signatures(serializedBytes: Data(bytes), partial: true, options: decodingOptions)
    }

    private static var decodingOptions: BinaryDecodingOptions {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 8
        return options
    }
}

extension SwiftProtobuf.Message {
    /// The message on the wire. Encoding fails only for messages beyond 2 GiB, which limits exclude.
    func encodedBytes() throws(PayloadError) -> [UInt8] {
        do {
            return try serializedBytes()
        } catch {
            throw .malformedManifest(.undecodable)
        }
    }
}
