import UpdateModel

/// A release as the operator has it before publishing: image, kernel, payload.
struct Release: Sendable {
    let plan: ReleasePlan
    let image: BuiltImage
    let payload: String
    let payloadBytes: UInt64
    let payloadDigest: SHA256Digest

    var version: Version { image.version }
}

/// The three releases of the story.
struct Releases: Sendable {
    let first: Release
    let good: Release
    let broken: Release

    var all: [Release] { [first, good, broken] }

    /// - Returns: `nil` unless there are three.
    init?(_ releases: [Release]) {
        guard releases.count == 3 else { return nil }
        (first, good, broken) = (releases[0], releases[1], releases[2])
    }
}
