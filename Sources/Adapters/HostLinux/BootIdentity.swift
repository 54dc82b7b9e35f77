package import SlotDevice

/// What tells one boot of a machine from another.
package enum BootIdentity {
    /// The kernel's random id of this boot, as in `4f3c…-…`; `nil` where there is none.
    /// - Parameter root: the root directory of the system; empty for `/`.
    package static func bootID(root: String = "") throws(DeviceError) -> String? {
        guard let bytes = try AtomicFile.read("\(root)/proc/sys/kernel/random/boot_id", limit: 256) else { return nil }
        let text = String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
