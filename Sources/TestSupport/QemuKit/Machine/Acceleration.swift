import FleetDemo
import FoundationEssentials

/// What executes the guest's instructions.
package enum Acceleration: String, Hashable, Sendable {
    /// The processor itself.
    case kvm
    /// Translation to the host's instructions; ten times slower and available everywhere.
    case tcg

    var arguments: [String] {
        switch self {
        case .kvm: ["-accel", "kvm", "-cpu", "host"]
        // A newer model costs more to emulate: “max” half again as much.
        case .tcg: ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]
        }
    }

    /// What the firmware of the probe says once it has run to its end and found nothing to boot.
    private static let proof = "No bootable device"
    private static let probeLimit = Duration.seconds(10)

    /// Finds out what works here: a firmware is run on KVM until it has come to its end. That `/dev/kvm` can be opened
    /// proves nothing; on some hosts the first instruction ends in an internal error.
    ///
    /// - Parameter folder: for the probe's files.
    package static func best(folder: String) async throws -> Acceleration {
        guard FileManager.default.isReadableFile(atPath: "/dev/kvm") else { return .tcg }
        let (words, log) = ("\(folder)/kvm-probe-words", "\(folder)/kvm-probe.log")
        let arguments =
            ["-machine", "q35"] + Acceleration.kvm.arguments + [
                "-m", "64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-chardev", "file,id=words,path=\(words)", "-device", "isa-debugcon,iobase=0x402,chardev=words",
            ]
        let child = try ChildProcess.start(
            try HostTool.emulator.path(), arguments, output: log, errors: log)
        let works = await proves(child, words)
        await child.stop(patience: .milliseconds(100))
        return works ? .kvm : .tcg
    }

    private static func proves(_ child: ChildProcess, _ words: String) async -> Bool {
        let deadline = ContinuousClock.now + probeLimit
        while ContinuousClock.now < deadline, child.poll() == nil {
            let said = FileManager.default.contents(atPath: words) ?? Data()
            if String(decoding: said, as: UTF8.self).contains(proof) { return true }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { return false }
        }
        return false
    }
}
