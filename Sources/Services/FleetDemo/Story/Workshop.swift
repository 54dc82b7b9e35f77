import FoundationEssentials
import HostLinux
import UpdateModel

/// The steps before anything is published: keys, images, payloads.
struct Workshop: Sendable {
    let stage: Stage

    func prepare() async throws -> Releases {
        try await makeKeys()
        let images = try await buildImages()
        return try await packPayloads(images)
    }

    private func makeKeys() async throws {
        let stage = stage
        try await stage.chronicle.step("A signing key is made") {
            let (key, pub) = (stage.paths.privateKey, stage.paths.publicKey)
            try await stage.command.succeed(
                stage.programs.martlet, ["key", "generate", "--output", key, "--public", pub])
            return ((), "RSA; machines get the public half")
        }
    }

    private func buildImages() async throws -> [(plan: ReleasePlan, image: BuiltImage)] {
        let stage = stage
        return try await stage.chronicle.step("Images of 1.0.0, 2.0.0 and 3.0.0 are built") {
            let source = try await PackageSource(command: stage.command, cache: PackageSource.userCache).files()
            let plans = try ReleasePlan.all()
            let images = try await ImageBuilder(command: stage.command, paths: stage.paths, source: source).build(plans)
            let size = images.first?.imageBytes ?? 0
            let pairs = zip(plans, images).map { (plan: $0, image: $1) }
            return (pairs, "ext4, \(ByteCount.text(size)) each, of \(source.origin)")
        }
    }

    private func packPayloads(_ images: [(plan: ReleasePlan, image: BuiltImage)]) async throws -> Releases {
        let stage = stage
        return try await stage.chronicle.step("Payloads are packed, signed and verified") {
            let all = try await withThrowingTaskGroup(of: Release.self) { group in
                for pair in images { group.addTask { try await pack(pair.plan, pair.image) } }
                return try await group.reduce(into: [Release]()) { $0.append($1) }
            }
            let sorted = all.sorted { $1.version.isNewer(than: $0.version) == true }
            guard let releases = Releases(sorted) else {
                throw StoryFailure(expected: "three payloads", seen: "\(all.count)")
            }
            let images = all.reduce(UInt64(0)) { $0 + $1.image.imageBytes } / UInt64(all.count)
            return (releases, "\(ByteCount.text(images)) and a kernel in \(ByteCount.text(releases.good.payloadBytes))")
        }
    }

    private func pack(_ plan: ReleasePlan, _ image: BuiltImage) async throws -> Release {
        let payload = stage.paths.payload(image.version)
        try await stage.command.succeed(
            stage.programs.martlet,
            [
                "payload", "create", "--fast", "--target", image.image, "--kernel", image.kernel, "--output", payload,
                "--key",
                stage.paths.privateKey, "--quiet",
            ])
        try await stage.command.succeed(
            stage.programs.martlet, ["payload", "verify", payload, "--key", stage.paths.publicKey])
        let file = try FileBlockDevice(path: payload, access: .readOnly)
        return Release(
            plan: plan, image: image, payload: payload, payloadBytes: file.sizeBytes,
            payloadDigest: try FileDigest.sha256(of: file, byteCount: file.sizeBytes))
    }
}
