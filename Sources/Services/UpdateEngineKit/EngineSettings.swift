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

    /// What decides which slot boots.
    package enum Control: String, Sendable, CaseIterable {
        case gpt
        case systemdBoot = "systemd-boot"
    }

    /// How the machine gets from one system to the next.
    package enum RebootMethod: String, Sendable, CaseIterable {
        case firmware
        /// By the new kernel, past the firmware; by the firmware where that is refused.
        case kexec
        /// As `kexec` where the machine can, as `firmware` where it cannot.
        case auto
    }

    package enum BootedSlot: Hashable, Sendable {
        case automatic
        case known(Slot)
    }

    /// The file that said it, for messages.
    package var path = "martletd.toml"
    /// Dotted keys of the file that mean nothing here. They stop no engine: a newer release may know them, and the file
    /// outlives a fall-back.
    package var unknownKeys: [String] = []
    /// `nil` when the file does not say.
    package var server: UpdateServer?
    /// `nil` when the file does not say.
    package var track: String?
    package var application = ApplicationID.flatcar
    package var root = "/"
    package var alias = ""
    package var disk = ""
    package var control = Control.gpt
    /// `nil`: the usual place of the ``control``; empty: none.
    package var kernelDirectory: String?
    /// Limits the writes of kernel files; 0: as the control group's limit for their disk says.
    package var kernelBytesPerSecond: UInt64 = 0
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
    /// See ``DownloadLimits``.
    package var downloadStallBytesPerSecond = StallWatch.bytesPerSecondMin
    package var downloadRules: [TransferLimits.Rule] = []
    package var proxy = WebProxies.Words()
    package var healthDirectory = "/etc/martlet/health.d"
    package var healthTimeLimit: Duration = .seconds(120)
    package var healthSettle: Duration = .seconds(45)
    /// A systemd unit that a good boot can start, such as `boot-complete.target`; empty: none.
    package var healthTarget = ""
    /// All checks together.
    package var healthLimit: Duration = .seconds(600)
    package var rebootStrategy = RebootStrategy.reboot
    package var rebootMethod = RebootMethod.firmware
    package var rebootCommand = ["/usr/bin/systemctl", "reboot"]
    package var kexecCommand = ["/usr/bin/systemctl", "kexec"]

    /// Whether the file names the directory of health checks; then it must be there.
    package var namesHealthDirectory = false

    /// The reference system's dead-man waits that long for a verdict, and no longer.
    private static let healthLimitMax = Duration.seconds(3 * 3600)
    /// What the kernel takes for the path of a socket.
    private static let socketPathBytesMax = 107

    package init() {}

    /// Reads the text of a settings file; keys that are absent keep their defaults.
    package init(parsing text: String, path: String) throws(SettingsError) {
        let reading = try SettingsFile.parse(text, path: path)
        let file = reading.file
        unknownKeys = reading.unknownKeys
        let reader = SettingsReader(path: path)
        self.path = path
        try readServer(file.server, machine: file.machine, reader)
        try readSlots(file.slots, reader)
        keyDirectory = try reader.path(file.keys?.directory, key: "keys.directory", default: keyDirectory)
        stateDirectory = try reader.path(file.state?.directory, key: "state.directory", default: stateDirectory)
        try readControl(file.control, reader)
        try readSchedule(file.schedule, reader)
        try readDownload(file.download, reader)
        readProxy(file.proxy)
        try readHealth(file.health, reader)
        try readReboot(file.reboot, reader)
    }

    private mutating func readReboot(_ reboot: SettingsFile.Reboot?, _ reader: SettingsReader) throws(SettingsError) {
        if let strategy = reboot?.strategy {
            rebootStrategy = try reader.choice(strategy, key: "reboot.strategy", of: RebootStrategy.allCases)
        }
        if let method = reboot?.method {
            rebootMethod = try reader.choice(method, key: "reboot.method", of: RebootMethod.allCases)
        }
        guard control == .systemdBoot || rebootMethod != .kexec else {
            throw reader.invalid("reboot.method", "kexec needs slots.control = \"systemd-boot\"")
        }
        rebootCommand = try reader.command(reboot?.command, key: "reboot.command", default: rebootCommand)
        kexecCommand = try reader.command(reboot?.kexecCommand, key: "reboot.kexec-command", default: kexecCommand)
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
        if let text = slots?.control {
            control = try reader.choice(text, key: "slots.control", of: Control.allCases)
        }
        if slots?.disk != "" { disk = try reader.path(slots?.disk, key: "slots.disk", default: disk) }
        if let directory = slots?.kernelDirectory {
            kernelDirectory =
                directory.isEmpty ? "" : try reader.path(directory, key: "slots.kernel-directory", default: "")
            guard control == .gpt || !directory.isEmpty else {
                throw reader.invalid("slots.kernel-directory", "systemd-boot finds its kernels nowhere else")
            }
        }
        let rate = try reader.number(
            slots?.kernelBytesPerSecond, key: "slots.kernel-bytes-per-second", default: 0, in: 0...1_000_000_000_000)
        kernelBytesPerSecond = UInt64(rate)
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

    private mutating func readHealth(_ health: SettingsFile.Health?, _ reader: SettingsReader) throws(SettingsError) {
        healthDirectory = try reader.path(health?.directory, key: "health.directory", default: healthDirectory)
        healthTimeLimit = try reader.span(
            health?.timeLimit, key: "health.time-limit", default: healthTimeLimit, from: 0.1)
        healthSettle = try reader.span(health?.settle, key: "health.settle", default: healthSettle, from: 0)
        healthLimit = try reader.span(health?.limit, key: "health.limit", default: healthLimit, from: 0.1)
        guard healthLimit <= Self.healthLimitMax else {
            throw reader.invalid("health.limit", "it is longer than three hours")
        }
        namesHealthDirectory = health?.directory != nil
        if let target = health?.target {
            guard target.isEmpty || UnitName.isValid(target) else {
                throw reader.invalid("health.target", "“\(target)” is not the name of a unit")
            }
            healthTarget = target
        }
    }
}
