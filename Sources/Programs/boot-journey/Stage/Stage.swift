import FleetAPI
import FleetDemo
import PartitionTable
import QemuKit
import UpdateModel

/// Everything that the acts have in common: the machine, the server, the wire between them, and what was seen.
struct Stage: Sendable {
    let paths: JourneyPaths
    let shelf: ImageShelf
    let headquarters: Headquarters
    let tap: WireTap
    let machine: VirtualMachine
    let watch: EntryWatch
    let figures = Figures()
    let progress = Progress()
    let guardian: Guardian
    let acceleration: Acceleration

    static func build(
        _ paths: JourneyPaths, _ programs: JourneyPrograms, _ shelf: ImageShelf, _ tap: WireTap,
        _ acceleration: Acceleration
    ) async throws -> Stage {
        let guardian = try Guardian()
        let headquarters = try await Headquarters.open(paths, programs, publicPort: tap.port, guardian: guardian)
        tap.forward(to: headquarters.port)
        let places = try paths.machine("machine")
        let disk = GuestDisk(path: "\(places.folder)/disk.img", scratch: paths.logs)
        var definition = MachineDefinition(
            disk: disk.path, firmware: try Firmware.fresh(variables: "\(places.folder)/variables.fd"),
            acceleration: acceleration, sockets: places.sockets)
        definition.hasWatchdog = true
        let machine = VirtualMachine(
            definition, disk: disk, name: "machine", logs: paths.logs, guardian: guardian,
            patience: .usual(acceleration))
        return Stage(
            paths: paths, shelf: shelf, headquarters: headquarters, tap: tap, machine: machine,
            watch: EntryWatch(disk), guardian: guardian, acceleration: acceleration)
    }

    func close() async {
        await machine.cutPower()
        await headquarters.close()
    }

    /// As the guest calls the server.
    var serverURL: String { "http://10.0.2.2:\(tap.port)/v1/update/" }

    /// How long an update may take, from its offer to its verdict.
    var patience: Duration { acceleration == .kvm ? .seconds(120) : .seconds(300) }

    // MARK: - The opening of an act

    /// Brings the machine to where an act begins; nothing where the act before has left it there.
    func open(_ act: any Act) async throws {
        if act.notesWrites { await machine.noteWrites() }
        guard let opening = act.opening, await progress.state != opening else { return }
        await machine.cutPower()
        tap.setPayloadSpeed(bytesPerSecond: nil)
        tap.holdPayload(at: nil)
        try await DiskLayout(shelf: shelf, opening: opening).write(to: machine.disk)
        // A channel that points nowhere offers nothing, and 1.0.0 has no payload to point at.
        if opening.version != .first {
            try await headquarters.publish(opening.version, payload: shelf.payload(opening.version))
        }
        try await machine.powerOn()
        await progress.reached(opening)
        guard !act.meetsMachineFirst else { return }
        try await introduce()
        try await settle(on: opening.version, in: opening.slot)
    }

    /// Tells the machine where its server is, and learns its name.
    func introduce() async throws {
        let agent = try await machine.agentWhenUp()
        try await agent.succeed("mkdir -p /etc/flatcar && echo 'SERVER=\(serverURL)' >/etc/flatcar/update.conf")
        let text = try await agent.succeed("cat /etc/machine-id")
        guard let identity = try? MachineID(text.filter { !$0.isWhitespace }) else {
            throw JourneyFailure(expected: "a machine id", seen: text)
        }
        await progress.met(identity)
    }

    /// Has the machine leave its firmware out from now on.
    func useKexec() async throws {
        // An older release leaves the key alone that it does not know; the section is in the file once.
        try await agent().succeed(
            "grep -q '^method' /etc/martlet/martletd.toml || printf '[reboot]\\nmethod = \"kexec\"\\n' "
                + ">>/etc/martlet/martletd.toml; systemctl restart martletd")
    }

    /// Boots another disk in hardware of its own, up to its agent, and switches it off again.
    func visit(
        _ disk: GuestDisk, named name: String, _ body: (GuestAgent) async throws -> String
    ) async throws -> String {
        let places = try paths.machine(name)
        let definition = MachineDefinition(
            disk: disk.path, firmware: try Firmware.fresh(variables: "\(places.folder)/variables.fd"),
            acceleration: acceleration, sockets: places.sockets)
        let machine = VirtualMachine(
            definition, disk: disk, name: name, logs: paths.logs, guardian: guardian, patience: .usual(acceleration))
        try await machine.powerOn()
        let found = try await body(machine.agentWhenUp())
        await machine.cutPower()
        return found
    }

    // MARK: - Waiting

    /// Lets the machine run and its boot partition be watched until `isTrue`.
    func live(until expected: String, _ isTrue: @Sendable (Sight) async throws -> Bool) async throws {
        try await machine.live(until: expected, limit: patience) { try await isTrue(try await sight()) }
    }

    /// What can be seen of the machine now.
    func sight() async throws -> Sight {
        Sight(entries: try await watch.look(), boots: await machine.boots.count, isUp: await machine.isUp())
    }

    /// Waits until a release is proven good: by the name on the boot partition, and by what the server knows.
    func settle(on version: Version, in slot: Slot) async throws {
        try await live(until: "\(version) in slot \(slot) is good, and the server knows it") { sight in
            guard sight.entries.entries(of: slot).map(\.state) == [.good], sight.entries.next?.slot == slot, sight.isUp
            else { return false }
            let known = try await self.known()
            return known?.version == version && known?.bootedSlot == slot
        }
    }

    /// The machine as the server knows it; `nil` before it first checked in.
    func known() async throws -> MachineResource? {
        guard let identity = await progress.identity else { return nil }
        return try await headquarters.machine(identity)
    }

    /// The agent of the kernel that runs now, once it answers.
    func agent() async throws -> GuestAgent {
        for _ in 0..<12 {
            let agent = try await machine.agentWhenUp(max(1, await machine.upCount))
            // A kernel that was started by another has its own agent, which may not be there yet.
            if let answer = try? await agent.run("echo here", limit: .seconds(5)), answer.status == 0 { return agent }
        }
        throw await machine.stuck("the guest's agent does not answer")
    }

    // MARK: - Judging

    func expect(_ isTrue: Bool, _ expected: String, seen: @autoclosure () -> String) async throws {
        guard !isTrue else { return }
        throw JourneyFailure(expected: expected, seen: seen(), tail: await machine.log?.tail() ?? [])
    }

    /// What stood on the boot partition since the first `start` pictures, in its order.
    func seen(since start: Int) async -> String {
        await watch.pictures.dropFirst(start).map { $0.names.joined(separator: " ") }.joined(separator: " → ")
    }

    /// What the consoles said at the boots after the first `count`.
    func consoles(since count: Int) async throws -> [String] {
        try await machine.boots.dropFirst(count).map { String(decoding: try Folder.bytes($0.serialLog), as: UTF8.self) }
    }

    /// Whether a guest's kernel has found its processors standing still, in the boot that ran after the first `count` or in a
    /// later one. The emulator does that on a host with other work.
    func stoodStill(since count: Int) async throws -> Bool {
        try await consoles(since: max(0, count - 1)).contains {
            $0.contains("rcu_preempt detected stalls") || $0.contains("rcu_preempt self-detected stall")
        }
    }

    /// What stands on the boot partition now, for the reader of the story.
    func names() async -> String { await watch.latest.names.joined(separator: ", ") }

    /// What must hold whatever happened.
    func checkSound() async throws {
        let reading = try machine.disk.table()
        try await expect(reading.condition == .sound, "a sound partition table", seen: "\(reading.condition)")
        if let picture = await watch.helpless {
            throw JourneyFailure(expected: "something to boot at every moment", seen: "\(picture.names)")
        }
    }

    /// Compares a slot with the image that it shall hold, byte for byte.
    func expect(_ slot: Slot, holds version: Version) async throws {
        for (partition, file) in [
            ("root-\(slot)", shelf.root(version)), ("root-\(slot)-verity", shelf.verity(version)),
        ] {
            let wanted = try ImageFile(path: file)
            let found = try machine.disk.digest(of: partition, byteCount: wanted.sizeBytes)
            try await expect(found == wanted.digest, "\(version) in \(partition)", seen: "SHA-256 \(found)")
        }
        let name = await watch.latest.entries(of: slot).first?.name ?? "none"
        let copy = "\(paths.logs)/\(slot).efi"
        try await machine.disk.copyFromBootPartition("/EFI/Linux/\(name)", to: copy)
        let found = try ImageFile(path: copy).digest
        try await expect(
            found == (try ImageFile(path: shelf.kernel(version))).digest, "the kernel of \(version) as \(name)",
            seen: "SHA-256 \(found)")
        try Folder.remove(copy)
    }
}

/// What can be seen of the machine from outside at one moment.
struct Sight: Sendable {
    /// On the boot partition.
    var entries: LoaderEntries
    /// Power-ons so far.
    var boots: Int
    /// The guest of the present power-on has come up.
    var isUp: Bool

    func isBad(_ slot: Slot) -> Bool { entries.state(of: slot)?.isBad == true }
}

/// What the story knows of its machine by now.
actor Progress {
    private(set) var identity: MachineID?
    private(set) var state: Opening?

    func met(_ identity: MachineID) { self.identity = identity }
    func reached(_ state: Opening) { self.state = state }
    /// What the disk holds is not known any more.
    func lose() { state = nil }
}
