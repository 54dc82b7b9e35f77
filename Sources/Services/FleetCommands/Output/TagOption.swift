import ArgumentParser

/// The same of a roll-out: its target, what keeps it from going on, and an undo.
struct RolloutTagOption: ParsableArguments {
    @Option(
        help: "Only while it still has this roll-out tag, as “group show” prints it; else nothing changes, exit code 75.")
    var ifTag: String?

    func validate() throws { try TagOption.check(ifTag) }
}

/// What must not have changed meanwhile.
struct TagOption: ParsableArguments {
    @Option(help: "Only while it still has this tag, as “show” prints it; else nothing changes and the exit code is 75.")
    var ifTag: String?

    func validate() throws { try Self.check(ifTag) }

    static func check(_ tag: String?) throws {
        guard tag?.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) != false else {
            throw ValidationError("--if-tag takes letters and digits, as “show” prints them.")
        }
    }

    /// As people read it: without its quotes.
    static func text(_ tag: String?) -> String? { tag?.filter { $0 != "\"" } }
}
