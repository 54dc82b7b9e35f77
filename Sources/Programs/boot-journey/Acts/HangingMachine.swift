import QemuKit
import UpdateModel

/// A system that no longer does anything is ended by its watchdog.
struct HangingMachine: Act {
    let name = "hang"
    let title = "The machine hangs: the watchdog resets it, and the proven release is up again"
    let opening: Opening? = Opening(version: .fourth, slot: .a, other: .second)
    /// Everything else starves, also what should feed the watchdog.
    private static let hang = """
        sysctl -qw kernel.sched_rt_runtime_us=-1
        for i in 1 2 3; do chrt -f 99 sh -c 'while :; do :; done' & done
        """

    func play(on stage: Stage) async throws -> String {
        let boots = await stage.machine.boots.count
        let began = ContinuousClock.now
        try await stage.agent().order(Self.hang)
        try await stage.live(until: "the watchdog has reset the machine") { $0.boots > boots }
        let patience = ContinuousClock.now - began
        let hung = await stage.machine.boots[boots - 1]
        try await stage.expect(hung.wasEndedByWatchdog, "QEMU to tell of the watchdog", seen: "\(String(describing: hung.ending))")
        let said = try await stage.consoles(since: boots - 1).first ?? ""
        try await stage.expect(!said.contains("Kernel panic"), "no panic", seen: "“Kernel panic” on the console")
        try await stage.settle(on: .fourth, in: .a)
        return "reset after \(Narrator.tenths(patience)) s"
    }
}
