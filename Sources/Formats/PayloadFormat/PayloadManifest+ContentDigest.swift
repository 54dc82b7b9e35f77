internal import ContentTrust
public import UpdateModel

extension PayloadManifest {
    /// Names what a payload makes of a slot, whichever payload carries it: a full one, a delta, format 1 or 2.
    ///
    /// The SHA-256 of these bytes, partitions in the byte order of their names:
    ///
    /// ```text
    /// size  field (integers are big-endian)
    ///   16  "martlet content\n"
    /// then for each partition
    ///    4  length of the name in bytes
    ///       name in UTF-8
    ///    8  size of the new content in bytes
    ///   32  SHA-256 of the new content
    /// ```
    ///
    /// A partition that does not tell what it will hold is left out; none such is ever installed.
    public var contentDigest: SHA256Digest { contentDigest { $0.newInfo } }

    /// The same of what a delta starts from; `nil` for a full payload, and where a partition does not tell it.
    public var sourceContentDigest: SHA256Digest? {
        guard isDelta, partitions.allSatisfy({ $0.oldInfo != nil }) else { return nil }
        return contentDigest { $0.oldInfo }
    }

    private func contentDigest(_ content: (PayloadPartition) -> ContentInfo?) -> SHA256Digest {
        var digest = StreamDigest()
        digest.update(Array("martlet content\n".utf8))
        for partition in partitions.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            guard let info = content(partition) else { continue }
            let name = Array(partition.name.utf8)
            digest.update(bigEndianBytes(UInt64(name.count), count: 4) + name)
            digest.update(bigEndianBytes(info.sizeBytes, count: 8) + info.digest.bytes)
        }
        return digest.finalized()
    }
}
