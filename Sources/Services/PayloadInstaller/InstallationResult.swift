package import PayloadFormat
package import UpdateModel

/// A payload that stands complete and verified on its targets.
package struct InstallationResult: Hashable, Sendable {
    /// One target, re-read after the last write.
    package struct Partition: Hashable, Sendable {
        package let name: String
        package let info: ContentInfo
    }

    package let summary: PayloadSummary
    /// What the payload makes of the slot; see `PayloadManifest.contentDigest`.
    package let contentDigest: SHA256Digest
    package let partitions: [Partition]
    /// Partitions of the payload that had no target: their data was checked and dropped.
    package let skippedPartitions: [String]
}
