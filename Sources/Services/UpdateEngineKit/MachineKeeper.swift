package import BootControl
package import UpdateLogic
package import UpdateModel

/// Keeps the state machine and its record together, and carries out what concerns the boot loader.
///
/// Saved first, acted on afterwards: each change of the record is durable before the action that follows from it.
/// Synchronous, so that the engine's loop and the power-cut tests drive the very same steps.
package struct MachineKeeper: Sendable {
    package private(set) var machine: UpdateMachine
    /// Why the record on disk lags behind; `nil` when it does not.
    package private(set) var saveFailure: (any Error)?
    private let store: RecordStore
    private let bootControl: any BootControl
    private let tries: Int
    private var saved: EngineRecord

    /// What the keeper cannot do itself.
    package enum Errand: Hashable, Sendable {
        case runHealthGate
        case reboot(reason: String)
    }

    /// - Parameters:
    ///   - tries: boots that an update gets.
    ///   - facts: of the present boot; the boot loader's state is read here.
    /// - Throws: when the record or the boot loader's state cannot be read.
    package init(store: RecordStore, bootControl: any BootControl, tries: Int, facts: BootFacts) throws {
        self.store = store
        self.bootControl = bootControl
        self.tries = tries
        self.saved = try store.load()
        self.machine = UpdateMachine(record: saved, boot: facts)
        try refresh()
    }

    package var record: EngineRecord { machine.record }

    /// Lets the machine change, saves that, and does what it wants of the boot loader. When saving fails nothing has
    /// changed; when an action fails it may be asked for again.
    ///
    /// A boot is judged, and a bad one left, even where that cannot be saved because the disk is full: the boot loader then
    /// remembers what the record does not.
    /// - Returns: what is left to do.
    package mutating func perform(
        _ change: (inout UpdateMachine) throws -> [UpdateMachine.Action]
    ) throws -> [Errand] {
        let before = machine
        let actions: [UpdateMachine.Action]
        do {
            actions = try change(&machine)
            try save(mustSucceed: actions.isEmpty || actions.contains(where: \.changesOrder))
        } catch {
            machine = before
            throw error
        }
        var errands: [Errand] = []
        for action in actions {
            do {
                if let errand = try act(action) { errands.append(errand) }
            } catch BootControlError.nothingToBoot(let slot) {
                remember { $0.stagedLost(in: slot) }
                break
            }
        }
        try refresh()
        return errands
    }

    /// Lets the machine remember something that nothing depends on at once. What cannot be saved now is saved with the
    /// next change; see ``saveFailure``.
    package mutating func remember(_ change: (inout UpdateMachine) -> Void) {
        change(&machine)
        trySave()
    }

    /// Tells the boot loader that the present boot is good, then remembers it.
    package mutating func confirmBoot() throws {
        try bootControl.confirm(bootControl.booted)
        try refresh()
        remember { $0.bootConfirmed() }
    }

    /// Counts a boot that the boot loader will not see; see `BootControl.spendTries(of:)`.
    package mutating func spendTries(of slot: Slot) throws {
        try bootControl.spendTries(of: slot)
        try refresh()
    }

    /// Reads the boot loader's state anew.
    package mutating func refresh() throws {
        var status: [Slot: SlotBootStatus] = [:]
        for slot in Slot.allCases { status[slot] = try bootControl.status(of: slot) }
        machine.update(status: status, next: try bootControl.next())
    }

    private mutating func save(mustSucceed: Bool) throws {
        if mustSucceed { try save() } else { trySave() }
    }

    private mutating func trySave() {
        do { try save() } catch { saveFailure = error }
    }

    private mutating func save() throws {
        guard machine.record != saved else { return }
        try store.save(machine.record)
        saved = machine.record
        saveFailure = nil
    }

    private func act(_ action: UpdateMachine.Action) throws -> Errand? {
        switch action {
        case .activate(let slot): try bootControl.activate(slot, tries: tries)
        case .prefer(let slot): try bootControl.confirm(slot)
        case .invalidate(let slot): try bootControl.invalidate(slot)
        case .reject(let slot): try reject(slot)
        case .runHealthGate: return .runHealthGate
        case .reboot(let reason): return .reboot(reason: reason)
        }
        return nil
    }

    /// A slot that cannot be rejected because nothing else boots stays as it is: better a bad system than none.
    private func reject(_ slot: Slot) throws {
        do { try bootControl.reject(slot) } catch BootControlError.nothingToFallBackTo {}
    }
}

extension UpdateMachine.Action {
    /// Whether it gives or takes a slot its place in the order of boots: then the record must know first.
    fileprivate var changesOrder: Bool {
        switch self {
        case .activate, .prefer, .invalidate: true
        case .reject, .runHealthGate, .reboot: false
        }
    }
}
