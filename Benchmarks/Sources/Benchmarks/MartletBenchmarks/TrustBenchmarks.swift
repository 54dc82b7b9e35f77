import Benchmark
import ContentTrust
import UpdateModel

/// Hashing and signatures.
func trustBenchmarks() {
    Benchmark("SHA-256 of a stream (16 MiB)") { benchmark, piece in
        for _ in benchmark.scaledIterations {
            var digest = StreamDigest()
            for _ in 0..<256 { digest.update(piece) }
            blackHole(digest.finalized())
        }
    } setup: {
        [UInt8](repeating: 0xA5, count: 64 << 10)
    }
    for length in SigningKey.Length.allCases {
        Benchmark("verify an RSA-\(length.rawValue) signature", configuration: thousandRuns) { benchmark, sample in
            for _ in benchmark.scaledIterations {
                guard sample.key.verifies(signature: sample.signature, of: .sample) else {
                    throw BenchmarkFailure("a signature is not valid")
                }
            }
        } setup: {
            try SignedSample(length)
        }
    }
}

private struct SignedSample {
    let key: VerificationKey
    let signature: [UInt8]

    init(_ length: SigningKey.Length) throws {
        let key = try SigningKey.generate(length)
        self.key = key.verificationKey
        signature = try key.sign(.sample)
    }
}

extension SHA256Digest {
    /// Of nothing in particular.
    static let sample = StreamDigest.digest(of: Array("martlet".utf8))
}

/// A benchmark did not measure what it says.
struct BenchmarkFailure: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
