import ContentTrust
package import FoundationEssentials
package import SlotDevice
package import UpdateModel

/// A kernel as the demo ships it: a real `vmlinuz`, and one last sector that names the release and holds the SHA-256 of
/// everything before it, so that the firmware can refuse a torn file as a real one refuses a broken signature.
///
/// ```text
/// vmlinuz, padded to a multiple of 512 bytes
/// "MARTLET-KERNEL\nversion=2.0.0\nsize=14186496\nsha256=…64 digits…\n", padded with zeros to 512 bytes
/// ```
package enum KernelFile {
    package static let trailerByteCount = 512
    private static let mark = "MARTLET-KERNEL"
    /// No kernel is larger; a file that is not one must not fill the memory.
    private static let byteCountMax: UInt64 = 1 << 30

    /// The bytes of `kernel` as release `version` ships it.
    package static func build(kernel: Data, version: Version) -> Data {
        var body = [UInt8](kernel)
        body.append(contentsOf: [UInt8](repeating: 0, count: (512 - body.count % 512) % 512))
        let digest = StreamDigest.digest(of: body)
        let text = "\(mark)\nversion=\(version)\nsize=\(body.count)\nsha256=\(digest)\n"
        var trailer = Array(text.utf8)
        trailer.append(contentsOf: [UInt8](repeating: 0, count: max(0, trailerByteCount - trailer.count)))
        return Data(body + trailer)
    }

    /// What a boot loader would find wrong with the file; `nil` when it would start it.
    package static func flaw(in file: any BlockDevice) throws(DeviceError) -> String? {
        guard file.sizeBytes > 1024, file.sizeBytes <= byteCountMax else { return "it is empty or torn" }
        let head = try file.read(at: 0, count: 1024)
        guard isKernel(head) else { return "it does not begin like a kernel" }
        let bodyCount = file.sizeBytes - UInt64(trailerByteCount)
        guard let trailer = fields(try file.read(at: bodyCount, count: trailerByteCount)) else {
            return "its end is missing"
        }
        guard trailer["size"] == "\(bodyCount)" else { return "its length is wrong" }
        let digest = try FileDigest.sha256(of: file, byteCount: bodyCount)
        return trailer["sha256"] == digest.hexadecimal ? nil : "its checksum is wrong"
    }

    /// Source: the Linux kernel's `Documentation/arch/x86/boot.rst` (boot flag at 0x1FE, “HdrS” at 0x202) and
    /// `Documentation/arch/arm64/booting.rst` (magic at 0x38).
    private static func isKernel(_ head: [UInt8]) -> Bool {
        let isX86 = head[0x1FE...0x1FF].elementsEqual([0x55, 0xAA]) && head[0x202...0x205].elementsEqual("HdrS".utf8)
        return isX86 || head[0x38...0x3B].elementsEqual(Array("ARM".utf8) + [0x64])
    }

    private static func fields(_ sector: [UInt8]) -> [String: String]? {
        let lines = String(decoding: sector.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n")
        guard lines.first == Substring(mark) else { return nil }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
        }
        return fields
    }

    /// For hosts where no kernel can be had: the bytes of `program` behind the first sectors of an x86 kernel image.
    package static func standIn(for program: Data) -> Data {
        var head = [UInt8](repeating: 0, count: 1024)
        head.replaceSubrange(0x1FE...0x1FF, with: [0x55, 0xAA])
        head.replaceSubrange(0x202...0x205, with: "HdrS".utf8)
        return Data(head) + program
    }
}

/// Digests of files and devices, piece by piece.
package enum FileDigest {
    package static func sha256(of device: any BlockDevice, byteCount: UInt64) throws(DeviceError) -> SHA256Digest {
        var digest = StreamDigest()
        var offset: UInt64 = 0
        while offset < byteCount {
            let count = Int(min(1 << 20, byteCount - offset))
            digest.update(try device.read(at: offset, count: count))
            offset += UInt64(count)
        }
        return digest.finalized()
    }
}
