import UpdateLogic
import UpdateModel

/// The checked settings of the update engine.
struct EngineSettings: Sendable {
    enum RebootStrategy: String, Sendable, CaseIterable {
        /// As soon as an update is staged.
        case reboot
        /// Never by itself.
        case off
    }

    enum BootedSlot: Hashable, Sendable {
        case automatic
        case known(Slot)
    }

    var server = ""
    var track = "stable"
    var application = ApplicationID.flatcar
    var root = "/"
    var alias = ""
    var disk = ""
    var kernelDirectory = "/boot/flatcar"
    var booted = BootedSlot.automatic
    var tries = 1
    var keyDirectory = "/etc/martlet/keys"
    var stateDirectory = "/var/lib/martlet"
    var controlSocket = "/run/martlet/control.sock"
    var schedule = CheckSchedule.stock
    var downloadBytesPerSecond: UInt64 = 0
    var downloadStall: Duration = .seconds(90)
    var downloadAttempts = 5
    var healthDirectory = "/etc/martlet/health.d"
    var healthTimeLimit: Duration = .seconds(120)
    var healthSettle: Duration = .seconds(45)
    var rebootStrategy = RebootStrategy.reboot
    var rebootCommand = ["/usr/bin/systemctl", "reboot"]

    init() {}

    /// Reads the text of a settings file; keys that are absent keep their defaults.
    init(parsing text: String, path: String) throws(SettingsError) {
        let file = try SettingsFile.parse(text, path: path)
        let reader = SettingsReader(path: path)
        try readServer(file.server, machine: file.machine, reader)
        try readSlots(file.slots, reader)
        keyDirectory = file.keys?.directory ?? keyDirectory
        stateDirectory = file.state?.directory ?? stateDirectory
        controlSocket = file.control?.socket ?? controlSocket
        try readSchedule(file.schedule, reader)
        try readDownload(file.download, reader)
        try readHealth(file.health, reader)
        if let strategy = file.reboot?.strategy {
            rebootStrategy = try reader.choice(strategy, key: "reboot.strategy", of: RebootStrategy.allCases)
        }
        if let command = file.reboot?.command {
            guard let program = command.first, program.hasPrefix("/") else {
                throw reader.invalid("reboot.command", "it must begin with an absolute path")
            }
            rebootCommand = command
        }
    }

    private mutating func readServer(
        _ server: SettingsFile.Server?, machine: SettingsFile.Machine?, _ reader: SettingsReader
    ) throws(SettingsError) {
        self.server = server?.url ?? self.server
        track = server?.track ?? track
        if let text = server?.application {
            do {
                application = try ApplicationID(text)
            } catch {
                throw reader.invalid("server.application", "it must be a GUID or a name")
            }
        }
        root = machine?.root ?? root
        alias = machine?.alias ?? alias
    }

    private mutating func readSlots(_ slots: SettingsFile.Slots?, _ reader: SettingsReader) throws(SettingsError) {
        if let control = slots?.control, control != "gpt" {
            throw reader.invalid("slots.control", "“\(control)” is not one of: gpt")
        }
        disk = slots?.disk ?? disk
        kernelDirectory = slots?.kernelDirectory ?? kernelDirectory
        if let text = slots?.booted, text != "auto" {
            booted = .known(try reader.choice(text, key: "slots.booted", of: Slot.allCases))
        }
        tries = try reader.number(slots?.tries, key: "slots.tries", default: tries, in: 1...15)
    }

    private mutating func readSchedule(
        _ schedule: SettingsFile.Schedule?, _ reader: SettingsReader
    ) throws(SettingsError) {
        self.schedule.initialDelay = try reader.span(
            schedule?.initialDelay, key: "schedule.initial-delay", default: self.schedule.initialDelay, from: 0)
        self.schedule.interval = try reader.span(
            schedule?.interval, key: "schedule.interval", default: self.schedule.interval, from: 0.1)
        self.schedule.jitter = try reader.span(
            schedule?.jitter, key: "schedule.jitter", default: self.schedule.jitter, from: 0)
        self.schedule.intervalMax = try reader.span(
            schedule?.intervalMax, key: "schedule.interval-max", default: self.schedule.intervalMax, from: 0.1)
    }

    private mutating func readDownload(
        _ download: SettingsFile.Download?, _ reader: SettingsReader
    ) throws(SettingsError) {
        let rate = try reader.number(
            download?.bytesPerSecond, key: "download.bytes-per-second", default: 0, in: 0...1_000_000_000_000)
        downloadBytesPerSecond = UInt64(rate)
        downloadStall = try reader.span(
            download?.stallSeconds, key: "download.stall-seconds", default: downloadStall, from: 0.1)
        downloadAttempts = try reader.number(
            download?.attempts, key: "download.attempts", default: downloadAttempts, in: 1...1000)
    }

    private mutating func readHealth(_ health: SettingsFile.Health?, _ reader: SettingsReader) throws(SettingsError) {
        healthDirectory = health?.directory ?? healthDirectory
        healthTimeLimit = try reader.span(
            health?.timeLimit, key: "health.time-limit", default: healthTimeLimit, from: 0.1)
        healthSettle = try reader.span(health?.settle, key: "health.settle", default: healthSettle, from: 0)
    }
}

/// Checks single values and names the key of one that is wrong.
struct SettingsReader {
    let path: String
    /// A year: nothing that waits longer is meant.
    private static let secondsMax = 31_536_000.0

    func invalid(_ key: String, _ reason: String) -> SettingsError {
        SettingsError(path: path, key: key, reason: reason)
    }

    func number(_ value: Int?, key: String, default standard: Int, in range: ClosedRange<Int>) throws(SettingsError) -> Int {
        guard let value else { return standard }
        guard range.contains(value) else {
            throw invalid(key, "\(value) is not in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    func span(_ value: Seconds?, key: String, default standard: Duration, from least: Double) throws(SettingsError) -> Duration {
        guard let value else { return standard }
        guard value.value >= least, value.value <= Self.secondsMax else {
            throw invalid(key, "\(value.value) seconds is not between \(least) and \(Self.secondsMax)")
        }
        return value.duration
    }

    func choice<Choice: RawRepresentable<String>>(
        _ text: String, key: String, of all: [Choice]
    ) throws(SettingsError) -> Choice {
        guard let choice = all.first(where: { $0.rawValue == text }) else {
            let names = all.map(\.rawValue).joined(separator: ", ")
            throw invalid(key, "“\(text)” is not one of: \(names)")
        }
        return choice
    }
}
