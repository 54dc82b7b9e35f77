import FleetDemo
import HostLinux
import SlotDevice
import UpdateModel

/// A file of which size and digest count.
struct ImageFile: Sendable {
    let sizeBytes: UInt64
    let digest: SHA256Digest

    init(path: String) throws {
        let device = try FileBlockDevice(path: path, access: .readOnly)
        sizeBytes = device.sizeBytes
        digest = try FileDigest.sha256(of: device, byteCount: device.sizeBytes)
    }
}
