import Benchmark
import ContentTrust
import Glibc
import PayloadFormat
import PayloadInstaller
import SlotDevice
import UpdateModel

/// A signed full payload onto a slot in memory: verified, decompressed, written, re-read and hashed.
///
/// The image is this program's own code, which compresses much as a system's programs do.
func payloadBenchmarks() {
    let configuration = Benchmark.Configuration(warmupIterations: 0, maxDuration: .seconds(8), maxIterations: 5)
    for (format, compression, words) in [
        (FormatVersion.one, PayloadBuilder.Compression.zstd, "format 1, bzip2"), (.two, .zstd, "format 2, zstd"),
        (.two, .xz, "format 2, xz"),
    ] {
        Benchmark("apply a full payload, \(words) (32 MiB)", configuration: configuration) { benchmark, sample in
            for _ in benchmark.scaledIterations { try sample.apply() }
        } setup: {
            try await SamplePayload(format, compression)
        }
    }
}

private struct SamplePayload {
    private let bytes: [UInt8]
    private let trusted: TrustedKeys
    private let target: MemoryBlockDevice

    init(_ format: FormatVersion, _ compression: PayloadBuilder.Compression) async throws {
        let image = MemoryBlockDevice(try ownCode(count: 32 << 20))
        let builder = try PayloadBuilder(
            format: format, compression: compression,
            images: [.init(partition: PayloadPartition.systemName, content: image)])
        let scratch = MemoryBlockDevice(sizeBytes: builder.imageBytes)
        let manifest = try await builder.build(onto: scratch)
        let key = try SigningKey.generate(.bits2048)
        let envelope = try PayloadEnvelope(manifest, signatureSizes: [key.verificationKey.modulusByteCount])
        let composer = try PayloadComposer(envelope, blobs: scratch, blobsLength: manifest.blobsLength)
        let output = MemoryBlockDevice(sizeBytes: composer.sizeBytes)
        _ = try composer.write(to: output, signer: .keys([key]))
        bytes = output.bytes
        trusted = TrustedKeys(keys: [key.verificationKey])
        target = MemoryBlockDevice(sizeBytes: builder.imageBytes)
    }

    /// As the engine does it, in the pieces that a network gives.
    func apply() throws {
        let targets = [PayloadPartition.systemName: InstallTarget(device: target)]
        var installation = PayloadInstallation(options: InstallationOptions(policy: .trusted(trusted))) {
            (_) throws(InstallationError) in targets
        }
        let piece = 64 << 10
        for start in stride(from: 0, to: bytes.count, by: piece) {
            try installation.consume(bytes[start..<min(start + piece, bytes.count)])
        }
        blackHole(try installation.finish())
    }
}

/// The program that runs, as often as it takes to fill `count` bytes.
private func ownCode(count: Int) throws -> [UInt8] {
    let descriptor = unsafe open("/proc/self/exe", O_RDONLY)
    guard descriptor >= 0 else { throw BenchmarkFailure("the program's own file cannot be read") }
    defer { close(descriptor) }
    var image: [UInt8] = []
    image.reserveCapacity(count)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while image.count < count {
        let received = unsafe read(descriptor, &buffer, min(buffer.count, count - image.count))
        guard received >= 0 else { throw BenchmarkFailure("the program's own file cannot be read") }
        if received == 0 {
            guard !image.isEmpty, lseek(descriptor, 0, SEEK_SET) == 0 else { throw BenchmarkFailure("no program") }
        }
        image += buffer.prefix(received)
    }
    return image
}
