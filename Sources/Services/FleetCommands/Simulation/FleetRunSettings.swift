/// What a fake fleet is like.
struct FleetRunSettings: Sendable {
    var machines = 100
    /// As machines send it: an id, not a name.
    var application = "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}"
    var track = "stable"
    /// What they run at first.
    var version = "1.0.0"
    var architecture = "x86_64"
    /// How often each machine has its turn.
    var turns = 12
    /// The least time between two turns of a machine.
    var interval = Duration.zero
    /// Exchanges at once.
    var concurrency = 32
    var seed: UInt64 = 1
    /// Begins each machine's id.
    var prefix = "fake"
    /// Percent of the machines; the rest is honest.
    var shares: [FakeMachine.Kind: Int] = [:]

    /// Which machine is of which kind: by chance, the same for the same seed.
    func kind(of number: Int) -> FakeMachine.Kind {
        var chance = Chance(seed: seed ^ 0x6B69_6E64, stream: UInt64(number))
        var place = Int(chance.next(below: 100))
        for kind in FakeMachine.Kind.allCases {
            let share = shares[kind] ?? 0
            if place < share { return kind }
            place -= share
        }
        return .honest
    }
}
