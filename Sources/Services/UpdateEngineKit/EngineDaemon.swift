import BootControl
import ContentTrust
import FoundationEssentials
import HostLinux
import Logging
import ServiceLifecycle
import SlotDevice
import UnixSignals
import UpdateModel

/// Builds the graph of `martletd` from its settings, and runs it.
package struct EngineDaemon {
    package static let version = "0.1.0"
    package static let standardSettingsPath = "/etc/martlet/martletd.toml"
    private static let settingsBytesMax = 256 * 1024
    /// The state may name what a machine runs and whom it asks: it is the owner's affair.
    private static let stateFolderMode = 0o700

    private let settings: EngineSettings
    private let logger: Logger

    /// - Parameter settingsPath: `nil` for the usual place, where the file may be missing.
    /// - Throws: ``SettingsError``; why the keys cannot be used.
    package init(settingsPath: String?, logLevel: String) throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw SettingsError(path: "--log-level", key: nil, reason: "“\(logLevel)” is not a level")
        }
        var logger = Logger(label: "martletd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        self.logger = logger
        self.settings = try Self.settings(path: settingsPath)
        _ = try TrustedKeys(paths: [settings.keyDirectory])
        if !FileManager.default.fileExists(atPath: settings.stateDirectory) {
            try FileManager.default.createDirectory(
                atPath: settings.stateDirectory, withIntermediateDirectories: true,
                attributes: [.posixPermissions: Self.stateFolderMode])
        }
    }

    /// Looks at everything that running would need.
    /// - Throws: what would keep the engine from running.
    package func check() throws {
        let host = try EngineHost(settings)
        for slot in Slot.allCases {
            _ = try host.bootControl.status(of: slot)
            for system in host.layout.systems { _ = try system.device(slot) }
        }
        if case .unusable(let source) = try MachineIdentity.read(settings).server {
            throw IdentityError.unusableServer(source)
        }
        _ = try settings.proxies(environment: ProcessInfo.processInfo.environment)
        if let key = settings.unknownKeys.first {
            throw SettingsError(path: settings.path, key: key, reason: "this key is not known, and has no effect")
        }
        if settings.namesHealthDirectory, !FileManager.default.fileExists(atPath: settings.healthDirectory) {
            throw SettingsError(
                path: settings.path, key: "health.directory", reason: "there is no \(settings.healthDirectory)")
        }
    }

    /// Runs until a signal asks to stop.
    /// - Throws: what is wrong at the start; nothing that goes wrong later.
    package func run() async throws {
        MemoryHabits.keepSmall()
        for key in settings.unknownKeys {
            logger.warning(
                "A setting is not known, and has no effect",
                metadata: ["settings.file": "\(settings.path)", "settings.key": "\(key)"])
        }
        let lock = try EngineLock(directory: settings.stateDirectory)
        let host = try EngineHost(settings)
        let proxies = try settings.proxies(environment: ProcessInfo.processInfo.environment)
        try await WebRoutes.with(proxies) { routes in
            let engine = try UpdateEngine(settings: settings, host: host, routes: routes, logger: logger)
            let control = ControlServer(path: settings.controlSocket, logger: logger) { await engine.answer($0) }
            var configuration = ServiceGroupConfiguration(
                services: [control, engine], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            configuration.maximumGracefulShutdownDuration = .seconds(10)
            try await ServiceGroup(configuration: configuration).run()
        }
        _ = consume lock
    }

    private static func settings(path: String?) throws -> EngineSettings {
        let file = path ?? standardSettingsPath
        if path == nil, !FileManager.default.fileExists(atPath: file) { return EngineSettings() }
        let bytes: [UInt8]?
        do {
            bytes = try AtomicFile.read(file, limit: settingsBytesMax)
        } catch {
            throw SettingsError(path: file, key: nil, reason: "it cannot be read: \(error.userMessage.text)")
        }
        guard let bytes else { throw SettingsError(path: file, key: nil, reason: "there is no such file") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError(path: file, key: nil, reason: "it is not UTF-8")
        }
        return try EngineSettings(parsing: text, path: file)
    }
}
