public import UpdateModel

// What an operator wants of this one machine comes with the server's answers, again and again until the server has heard
// what became of it: an answer may be lost. So each act is taken up once, by its id.
extension UpdateMachine {
    /// The server wants the other slot back.
    /// - Parameter id: of the act.
    public mutating func rollbackOrdered(id: String) -> [Action] {
        guard record.lastActID != id else { return [] }
        do {
            let actions = try rollbackRequested()
            record.lastActID = id
            record.openActID = id
            report(eventType: 40, eventResult: 1, subject: Subject(actID: id))
            return actions
        } catch RollbackRefusal.busy {
            return []  // It is told again with the next answer.
        } catch {
            refuse(act: id, reason: error.userMessage.text)
            return []
        }
    }

    /// The server withdrew the release that waits for its boot: the machine gives it up, and boots what it runs.
    public mutating func unstageOrdered(id: String) -> [Action] {
        guard record.lastActID != id else { return [] }
        switch phase {
        case .starting, .installing, .assessing, .leaving: return []  // It is told again with the next answer.
        case .idle:
            refuse(act: id, reason: "Nothing is staged.")
            return []
        case .needsReboot: break
        }
        guard let staged = record.staged, !staged.isRollback else {
            refuse(act: id, reason: "What is staged is no update but the way back.")
            return []
        }
        record.lastActID = id
        record.staged = nil
        record.slots[staged.slot] = SlotContent(life: .empty)
        phase = .idle
        report(eventType: 41, eventResult: 1, subject: Subject(actID: id))
        return emptying(staged.slot)
    }

    /// The server wants something that this version does not know.
    public mutating func unknownActOrdered(id: String, name: String) {
        guard record.lastActID != id else { return }
        refuse(act: id, reason: "This engine does not know the act “\(name)”.")
    }

    /// An operator has lifted the hold on what a person rolled back from; what failed here stays held.
    public mutating func rollbackHoldLifted(version: Version) {
        record.held.removeAll { hold in
            hold.cause == .rolledBack && (hold.version == version || hold.version.isNewer(than: version) == true)
        }
    }

    /// Keeps the loader away from a slot that holds nothing, and on the one that runs.
    func emptying(_ slot: Slot) -> [Action] {
        boot.isProven(boot.booted) ? [.invalidate(slot), .prefer(boot.booted)] : [.invalidate(slot)]
    }

    private mutating func refuse(act id: String, reason: String) {
        record.lastActID = id
        report(eventType: 41, eventResult: 0, reason: reason, subject: Subject(actID: id))
    }

    /// The machine runs what the act wanted, or came back from it.
    mutating func endAct(failure: String?) {
        guard let id = record.openActID else { return }
        record.openActID = nil
        report(eventType: 41, eventResult: failure == nil ? 1 : 0, reason: failure, subject: Subject(actID: id))
    }
}
