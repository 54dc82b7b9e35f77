/// What `yardstick load` is asked to do.
struct LoadSettings {
    /// A part of a machine's life.
    enum Story: String, CaseIterable {
        /// `GET` of ``LoadSettings/path``: `/healthz` is what any answer of this server costs.
        case health
        /// A check-in of a machine that runs its channel's release.
        case current
        /// A whole update: asks and is offered, downloads, installs, reboots, and runs the new release.
        case update
    }

    var port: UInt16 = 0
    var connections = 64
    var machines = 1000
    /// The number of the first machine: others were never seen before.
    var firstMachine = 0
    /// How often each machine tells its story.
    var rounds = 1
    var story = Story.current
    var application = "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}"
    var oldVersion = "1.0.0"
    var newVersion = "2.0.0"
    /// The server's process, whose time is taken.
    var process = 0
    /// What the row is called.
    var name = "load"
    /// The rate of an earlier run that this one is compared with.
    var referenceRate: Double?
    /// What the story `health` asks for.
    var path = "/healthz"
    /// Where what the machines were told is written: a line for each, its number and the last step that was
    /// acknowledged. The server may then die: the run is over, and says so.
    var record: String?
    /// Ends the run in any case.
    var secondsMax = 60

    static let usage =
        "load --port N --process PID [--story health|current|update] [--connections N] [--machines N] "
        + "[--first-machine N] [--rounds N] [--reference RATE] [--name TEXT] [--seconds-max N] "
        + "[--path PATH] [--record FILE]"

    init(_ arguments: [String]) throws(YardstickError) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw .usage(Self.usage) }
            try set(flag, to: value)
        }
        guard port > 0, process > 0 else { throw .usage(Self.usage) }
    }

    private mutating func set(_ flag: String, to value: String) throws(YardstickError) {
        switch flag {
        case "--port": port = UInt16(try Self.number(value, 1...65_535))
        case "--process": process = try Self.number(value, 1...Int(Int32.max))
        case "--connections": connections = try Self.number(value, 1...1000)
        case "--machines": machines = try Self.number(value, 1...10_000_000)
        case "--first-machine": firstMachine = try Self.number(value, 0...10_000_000)
        case "--rounds": rounds = try Self.number(value, 1...1000)
        case "--seconds-max": secondsMax = try Self.number(value, 1...3600)
        case "--name": name = value
        case "--path": path = value
        case "--record": record = value
        case "--reference": referenceRate = Double(value)
        case "--story":
            guard let story = Story(rawValue: value) else { throw .usage(Self.usage) }
            self.story = story
        default: throw .usage(Self.usage)
        }
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) throws(YardstickError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw .usage("“\(text)” is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
