/// Counts what a manifest would make in memory, before it is decoded.
///
/// A few bytes on the wire become a few hundred in memory, so the manifest's size alone does not bound it. The walk
/// follows only the fields that repeat, to the depth where they stand.
struct ManifestCensus {
    private(set) var operations = 0
    private(set) var extents = 0
    private(set) var partitions = 0

    /// - Throws: ``PayloadError/overLimit(_:value:max:)``; ``ManifestFault/undecodable`` when the walk fails.
    static func check(_ bytes: ArraySlice<UInt8>, limits: PayloadLimits) throws(PayloadError) {
        var census = ManifestCensus()
        try census.walk(bytes, as: .manifest, limits: limits)
    }

    private enum Message { case manifest, container(operations: UInt64), operation }

    private mutating func walk(
        _ bytes: ArraySlice<UInt8>, as message: Message, limits: PayloadLimits
    ) throws(PayloadError) {
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            guard let inner = field.bytes else { continue }
            switch (message, field.number) {
            case (.manifest, 1), (.manifest, 2):
                try count(\.operations, .operations, limits.operationsMax)
                try walk(inner, as: .operation, limits: limits)
            case (.manifest, 10):
                try count(\.partitions, .partitions, limits.partitionsMax)
                try walk(inner, as: .container(operations: 2), limits: limits)
            case (.manifest, 13):
                try count(\.partitions, .partitions, limits.partitionsMax)
                try walk(inner, as: .container(operations: 8), limits: limits)
            case (.container(let operations), _) where field.number == operations:
                try count(\.operations, .operations, limits.operationsMax)
                try walk(inner, as: .operation, limits: limits)
            case (.operation, 4), (.operation, 6), (.operation, 1001):
                try count(\.extents, .extents, limits.extentsMax)
            default:
                break
            }
        }
    }

    private mutating func count(
        _ path: WritableKeyPath<ManifestCensus, Int>, _ limit: PayloadError.Limit, _ max: Int
    ) throws(PayloadError) {
        self[keyPath: path] += 1
        try PayloadError.check(UInt64(self[keyPath: path]), limit, max: UInt64(max))
    }
}

/// Splits a protobuf message into its fields without decoding them.
///
/// Source: Protocol Buffers documentation, “Encoding”.
struct WireReader {
    struct Field {
        let number: UInt64
        /// The content of a length-delimited field; `nil` for numbers.
        let bytes: ArraySlice<UInt8>?
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; `nil` at the end.
    mutating func next() throws(PayloadError) -> Field? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        switch tag & 7 {
        case 0:
            _ = try varint()
            return Field(number: tag >> 3, bytes: nil)
        case 1:
            _ = try take(8)
            return Field(number: tag >> 3, bytes: nil)
        case 2:
            let length = try varint()
            return Field(number: tag >> 3, bytes: try take(length))
        case 5:
            _ = try take(4)
            return Field(number: tag >> 3, bytes: nil)
        default:
            // Groups are in neither format; the decoder need not see them.
            throw .malformedManifest(.undecodable)
        }
    }

    private mutating func take(_ count: UInt64) throws(PayloadError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw .malformedManifest(.undecodable) }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }

    private mutating func varint() throws(PayloadError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformedManifest(.undecodable)
    }
}
