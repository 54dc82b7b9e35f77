import QemuKit

/// What was measured on the way.
actor Figures {
    private(set) var lines: [String] = []

    func note(_ line: String) { lines.append(line) }

    /// From the reboot's order, as far as it can be seen, until the guest was up again.
    var firmwareReboot: Duration?
    var kexecReboot: Duration?

    /// The first counts: later ones may wait for something.
    func noteFirmwareReboot(_ duration: Duration) { firmwareReboot = firmwareReboot ?? duration }
    func noteKexecReboot(_ duration: Duration) { kexecReboot = duration }

    /// Read latencies without a limit, for comparison.
    private(set) var unlimited: DiskReading?
    func noteUnlimited(_ reading: DiskReading) { unlimited = reading }
}
