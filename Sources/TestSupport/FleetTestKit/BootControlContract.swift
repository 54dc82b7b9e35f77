package import BootControl
package import UpdateModel

/// What every ``BootControl`` promises.
package enum BootControlContract {
    /// Checks a machine that runs slot `booted`, good and the only bootable one. It is left in some other state.
    /// - Parameter install: puts content in a slot that was made unbootable, where an activation needs some.
    /// - Throws: ``ContractFailure`` for a broken promise.
    package static func check(
        _ control: any BootControl, install: (Slot) throws -> Void = { _ in }
    ) throws {
        let running = control.booted
        let passive = running.other
        try require(control.status(of: running).isBootable, "the contract needs a running slot that boots")
        try require(control.next() == running, "a machine with one good slot boots it")
        try refusesWhatWouldStrand(control)
        try install(passive)
        try activatesAndFallsBack(control)
        try install(passive)
        try spendsTries(control)
        try control.confirm(running)
        try require(control.next() == running, "a confirmed slot is first")
        let confirmed = try control.status(of: running)
        try require(confirmed.isSuccessful && confirmed.triesLeft == 0, "a confirmed slot is good and counts no tries")
        try control.activate(passive, tries: 1)
        try control.reject(passive)
        try require(!control.status(of: passive).isBootable, "a rejected slot does not boot")
        try require(control.next() == running, "after a rejection the other slot boots")
        for _ in 0..<40 {
            try control.activate(passive, tries: 15)
            try control.confirm(running)
        }
        try control.activate(passive, tries: 3)
        try require(control.next() == passive, "priorities never run out")
    }

    /// A boot past the loader is counted before it; what comes of it is told afterwards.
    private static func spendsTries(_ control: any BootControl) throws {
        let passive = control.booted.other
        try control.activate(passive, tries: 3)
        try control.spendTries(of: passive)
        let spent = try control.status(of: passive)
        try require(!spent.isBootable && !spent.isSuccessful, "a slot without tries does not boot")
        try require(spent.priority > 0, "a slot without tries can be told from an empty one")
        try require(control.next() == control.booted, "when the tries are spent the other slot boots")
        try control.confirm(passive)
        try require(control.next() == passive, "a boot past the loader that is confirmed counts like any other")
        try require(control.status(of: passive).isSuccessful, "a confirmed slot is good, however it was booted")
    }

    private static func refusesWhatWouldStrand(_ control: any BootControl) throws {
        let running = control.booted
        try control.invalidate(running.other)
        try require(!control.status(of: running.other).isBootable, "an invalidated slot does not boot")
        try requireError("the running slot is not invalidated", { $0 == .isRunning(running) }) {
            () throws(BootControlError) in
            try control.invalidate(running)
        }
        try requireError("the last bootable slot is not rejected", { $0 == .nothingToFallBackTo(running.other) }) {
            () throws(BootControlError) in
            try control.reject(running)
        }
        let isRefusal: (BootControlError) -> Bool = { $0 == .nothingToFallBackTo(running.other) }
        try requireError("the tries of the last bootable slot are not spent", isRefusal) { () throws(BootControlError) in
            try control.spendTries(of: running)
        }
        try require(control.next() == running, "a refusal changes nothing")
    }

    private static func activatesAndFallsBack(_ control: any BootControl) throws {
        let passive = control.booted.other
        let before = try control.status(of: control.booted)
        try control.activate(passive, tries: 2)
        let activated = try control.status(of: passive)
        try require(control.next() == passive, "an activated slot is first")
        try require(activated.triesLeft == 2 && !activated.isSuccessful, "an activated slot is tried and not yet good")
        let after = try control.status(of: control.booted)
        try require(after.isBootable && after.isSuccessful == before.isSuccessful, "the other slot stays the fall-back")
        try require(after.priority < activated.priority, "the fall-back comes second")
        try control.invalidate(passive)
        try require(control.next() == control.booted, "without its successor the running slot boots")
    }
}
