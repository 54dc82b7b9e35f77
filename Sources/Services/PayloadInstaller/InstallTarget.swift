package import SlotDevice

/// Where one partition of a payload goes, and what a delta is made from.
package struct InstallTarget: Sendable {
    /// At least `PayloadManifest.workingSizeBytes(of:)` long.
    package let device: any BlockDevice
    /// Only read. Must not share bytes with `device`.
    package let source: (any BlockDevice)?

    package init(device: any BlockDevice, source: (any BlockDevice)? = nil) {
        self.device = device
        self.source = source
    }
}
