internal import ArgumentParser
internal import PayloadFormat
internal import PayloadInstaller

/// How much room signatures to come get. It is part of what is signed, so “hash” and “attach” must agree.
struct SignatureSizeOptions: ParsableArguments {
    @Option(
        name: .customLong("signature-size"),
        help: ArgumentHelp(
            "The size of a signature to come: 256 for RSA-2048, 512 for RSA-4096; repeatable "
                + "(default: as the payload has, or 256).", valueName: "bytes"))
    var sizes: [Int] = []

    func validate() throws {
        guard sizes.allSatisfy((256...1024).contains) else {
            throw ValidationError("A signature has 256 to 1024 bytes.")
        }
    }

    /// The sizes to reserve in a payload, one for each signature.
    func reserved(for scan: PayloadScan) -> [Int] {
        guard sizes.isEmpty else { return sizes }
        let present = scan.summary.signatures.map(\.bytes.count)
        return present.isEmpty ? [256] : present
    }
}
