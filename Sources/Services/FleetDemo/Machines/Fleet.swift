import FoundationEssentials
import UpdateModel

/// All machines of the demo.
struct Fleet: Sendable {
    let machines: [DemoMachine]

    subscript(_ index: Int) -> DemoMachine { machines[index] }

    /// Makes the machines, each with `image` in slot A, switched off.
    static func create(
        count: Int, image: BuiltImage, paths: DemoPaths, settings: MachineSettings,
        makeMachine: (MachineCard) -> DemoMachine
    ) throws -> Fleet {
        var machines: [DemoMachine] = []
        for index in 0..<count {
            let card = try MachineCard.create(index, paths: paths)
            for folder in [card.bootFiles, card.state, card.run, "\(card.settings)/flatcar"] { try Folder.make(folder) }
            _ = try MachineDisk.install(image, on: card.disk, bootFiles: card.bootFiles)
            try Folder.write("\(card.id)\n", to: "\(card.settings)/machine-id")
            try FileManager.default.createSymbolicLink(
                atPath: "\(card.settings)/os-release", withDestinationPath: "../run/root/usr/lib/os-release")
            try Folder.write(MachineSettings.updateText(group: nil), to: card.updateSettings)
            try Folder.write(settings.text(card), to: card.daemonSettings)
            machines.append(makeMachine(card))
        }
        return Fleet(machines: machines)
    }

    func views() async -> [MachineView] {
        var views: [MachineView] = []
        for machine in machines { views.append(await machine.view) }
        return views
    }

    /// Runs all machines while `body` runs, and switches them off at its end.
    func running<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        let power = Task { [machines] in
            await withTaskGroup(of: Void.self) { group in
                for machine in machines { group.addTask { await machine.run() } }
            }
        }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        power.cancel()
        await power.value
        return try result.get()
    }
}
