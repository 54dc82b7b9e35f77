package import UpdateLogic
package import UpdateModel

/// The checked settings of the update engine.
package struct EngineSettings: Sendable {
    package enum RebootStrategy: String, Sendable, CaseIterable {
        /// As soon as an update is staged.
        case reboot
        /// Never by itself.
        case off
    }

    package enum BootedSlot: Hashable, Sendable {
        case automatic
        case known(Slot)
    }

    /// The file that said it, for messages.
    package var path = "martletd.toml"
    /// `nil` when the file does not say.
    package var server: UpdateServer?
    /// `nil` when the file does not say.
    package var track: String?
    package var application = ApplicationID.flatcar
    package var root = "/"
    package var alias = ""
    package var disk = ""
    package var kernelDirectory = "/boot/flatcar"
    package var booted = BootedSlot.automatic
    package var tries = 1
    /// Bytes of a payload between two places from which it can go on; no key of the file.
    package var checkpointIntervalBytes: UInt64 = 4 << 20
    package var keyDirectory = "/etc/martlet/keys"
    package var stateDirectory = "/var/lib/martlet"
    package var controlSocket = "/run/martlet/control.sock"
    package var schedule = CheckSchedule.stock
    package var downloadBytesPerSecond: UInt64 = 0
    package var downloadStall: Duration = .seconds(90)
    package var downloadAttempts = 5
    package var healthDirectory = "/etc/martlet/health.d"
    package var healthTimeLimit: Duration = .seconds(120)
    package var healthSettle: Duration = .seconds(45)
    package var rebootStrategy = RebootStrategy.reboot
    package var rebootCommand = ["/usr/bin/systemctl", "reboot"]

    /// What the kernel takes for the path of a socket.
    private static let socketPathBytesMax = 107

    package init() {}

    /// Reads the text of a settings file; keys that are absent keep their defaults.
    package init(parsing text: String, path: String) throws(SettingsError) {
        let file = try SettingsFile.parse(text, path: path)
        let reader = SettingsReader(path: path)
        self.path = path
        try readServer(file.server, machine: file.machine, reader)
        try readSlots(file.slots, reader)
        keyDirectory = try reader.path(file.keys?.directory, key: "keys.directory", default: keyDirectory)
        stateDirectory = try reader.path(file.state?.directory, key: "state.directory", default: stateDirectory)
        try readControl(file.control, reader)
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
        if let text = server?.url, !text.isEmpty { self.server = try Self.server(text, reader) }
        if let text = server?.track, !text.isEmpty { track = text }
        if let text = server?.application {
            do {
                application = try ApplicationID(text)
            } catch {
                throw reader.invalid("server.application", "it must be a GUID or a name")
            }
        }
        root = try reader.path(machine?.root, key: "machine.root", default: root)
        alias = machine?.alias ?? alias
    }

    private static func server(_ text: String, _ reader: SettingsReader) throws(SettingsError) -> UpdateServer {
        if text == UpdateServer.offWord { return .off }
        do {
            return .at(try WebAddress(text))
        } catch {
            throw reader.invalid(
                "server.url", "it must be a web address such as https://updates.example.org/v1/update/")
        }
    }

    private mutating func readControl(
        _ control: SettingsFile.Control?, _ reader: SettingsReader
    ) throws(SettingsError) {
        controlSocket = try reader.path(control?.socket, key: "control.socket", default: controlSocket)
        guard controlSocket.utf8.count <= Self.socketPathBytesMax else {
            throw reader.invalid("control.socket", "it is longer than \(Self.socketPathBytesMax) bytes")
        }
    }

    private mutating func readSlots(_ slots: SettingsFile.Slots?, _ reader: SettingsReader) throws(SettingsError) {
        if let control = slots?.control, control != "gpt" {
            throw reader.invalid("slots.control", "“\(control)” is not one of: gpt")
        }
        if slots?.disk != "" { disk = try reader.path(slots?.disk, key: "slots.disk", default: disk) }
        if slots?.kernelDirectory == "" {
            kernelDirectory = ""
        } else {
            kernelDirectory = try reader.path(
                slots?.kernelDirectory, key: "slots.kernel-directory", default: kernelDirectory)
        }
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
            schedule?.intervalMax, key: "schedule.interval-max",
            default: max(self.schedule.intervalMax, self.schedule.interval), from: 0.1)
        guard self.schedule.intervalMax >= self.schedule.interval else {
            throw reader.invalid("schedule.interval-max", "it is shorter than schedule.interval")
        }
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
        healthDirectory = try reader.path(health?.directory, key: "health.directory", default: healthDirectory)
        healthTimeLimit = try reader.span(
            health?.timeLimit, key: "health.time-limit", default: healthTimeLimit, from: 0.1)
        healthSettle = try reader.span(health?.settle, key: "health.settle", default: healthSettle, from: 0)
    }
}
