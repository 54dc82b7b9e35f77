import EngineControl
import FleetDemo
import Testing
import UpdateModel

@Suite("What the terminal shows")
struct TerminalTests {
    @Test(
        "A bar is as full as the fraction says, and always as wide",
        arguments: [(0.0, 0), (0.49, 4), (0.5, 5), (0.999, 9), (1.0, 10), (-3, 0), (9, 10), (.nan, 0), (.infinity, 0)])
    func bar(_ fraction: Double, _ full: Int) {
        let parts = ProgressBar(width: 10).parts(fraction)
        #expect(parts.filled.count { $0 == "━" } == full)
        #expect(parts.filled.count + parts.empty.count == 10)
    }

    @Test("A machine's line fits the terminal", arguments: [40, 60, 80, 120, 200])
    func lineFits(_ columns: Int) throws {
        let paths = DemoPaths(root: "/demo", sockets: "/s", isKept: false)
        var view = MachineView(card: try MachineCard.create(3, paths: paths))
        let row = MachineRow(palette: Palette(isOn: false), columns: columns)
        for power in [MachineView.Power.off, .booting, .hung, .atPrompt, .up] {
            view.power = power
            #expect(row.text(view).count <= max(columns, 36))
        }
        view.status = status(.downloading)
        #expect(row.text(view).contains("50 %"))
        #expect(row.text(view).count <= max(columns, 66))
        view.status = status(.idle)
        #expect(row.text(view).count <= max(columns, 36))
    }

    @Test("Colours change nothing but the colours")
    func colours() throws {
        let paths = DemoPaths(root: "/demo", sockets: "/s", isKept: false)
        var view = MachineView(card: try MachineCard.create(0, paths: paths))
        view.power = .up
        view.slot = .a
        view.status = status(.downloading)
        let plain = MachineRow(palette: Palette(isOn: false), columns: 100).text(view)
        let coloured = MachineRow(palette: Palette(isOn: true), columns: 100).text(view)
        #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
        #expect(coloured != plain)
    }

    @Test("Some machine is always left untouched by a broken release", arguments: 2...64)
    func untouched(_ machineCount: Int) {
        let limits = RolloutLimits(machineCount: machineCount)
        #expect(limits.triedMax < machineCount)
        #expect(limits.stopAfterFailures >= 1)
    }

    @Test("Machines have names and folders of their own, and sockets that Unix can bind")
    func names() throws {
        let paths = DemoPaths(root: "/demo", sockets: "/tmp/martlet-demo-12345678/s", isKept: false)
        let cards = try (0..<64).map { try MachineCard.create($0, paths: paths) }
        #expect(Set(cards.map(\.alias)).count == 64)
        #expect(Set(cards.map(\.folder)).count == 64)
        #expect(cards.allSatisfy { $0.id.rawValue.count == 32 && $0.socket.utf8.count < 108 })
    }

    private func status(_ state: EngineStatus.State) -> EngineStatus {
        let slots = Slot.allCases.map { slot in
            EngineStatus.SlotStatus(
                slot: slot, isBooted: slot == .a, life: slot == .a ? "good" : "writing", version: "1.0.0",
                contentDigest: nil, priority: 1, triesLeft: 0, isSuccessful: slot == .a, isNext: slot == .a)
        }
        return EngineStatus(
            state: state, machine: "m", version: "1.0.0", slot: .a, server: "", track: "stable", newVersion: "2.0.0",
            progress: EngineStatus.Progress(receivedBytes: 50, totalBytes: 100), slots: slots,
            held: [.init(version: "3.0.0", reason: String(repeating: "because ", count: 40))], reportsPending: 0,
            lastCheckAt: nil, nextCheckAt: nil, serverHold: nil, lastError: nil, downloadedBytes: 50)
    }
}
