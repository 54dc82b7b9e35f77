import QemuKit
import UpdateModel

/// The kernel makes a file system read-only when its disk fails. The machine must be able to say that it is there.
struct ReadOnlyState: Act {
    let name = "read-only"
    let title = "All file systems become read-only: the engine starts anew, checks in, and goes on once they are mended"
    let opening: Opening? = Opening(version: .fourth, slot: .a, other: .second)

    func play(on stage: Stage) async throws -> String {
        let agent = try await stage.agent()
        // What the kernel does by itself after an error, done by hand for all file systems.
        try await agent.succeed(
            "sync; echo 1 >/proc/sys/kernel/sysrq; echo u >/proc/sysrq-trigger; "
                + "until grep -q ' /state ext4 ro' /proc/mounts; do sleep 0.1; done; systemctl restart martletd")
        let asked = stage.tap.requestCount
        try await stage.live(until: "the engine checks in") { _ in stage.tap.requestCount >= asked + 2 }
        let status = try await agent.succeed("martlet status")
        try await stage.expect(status.contains("read-only"), "the status to tell of the disk", seen: status)
        try await agent.succeed(
            "for place in /state /efi; do mount -o remount,rw $place; done; systemctl restart martletd")
        let again = stage.tap.requestCount
        try await stage.live(until: "the engine checks in again") { _ in stage.tap.requestCount >= again + 2 }
        try await stage.settle(on: .fourth, in: .a)
        return status.split(whereSeparator: \.isNewline).first { $0.contains("read-only") }.map(String.init) ?? ""
    }
}
