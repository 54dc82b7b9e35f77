import AsyncHTTPClient
import BootControlGPT
import ContentTrust
import FoundationEssentials
import HostLinux
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals
import SlotDevice
import UpdateModel

/// Builds the graph of `martletd` from its settings, and runs it.
package struct EngineDaemon {
    package static let version = "0.1.0"
    package static let standardSettingsPath = "/etc/martlet/martletd.toml"
    private static let settingsBytesMax = 256 * 1024

    private let settings: EngineSettings
    private let host: EngineHost
    private let logger: Logger

    /// - Parameter settingsPath: `nil` for the usual place, where the file may be missing.
    /// - Throws: ``SettingsError``, or why the disk or the keys cannot be used.
    package init(settingsPath: String?, logLevel: String) throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw SettingsError(path: "--log-level", key: nil, reason: "“\(logLevel)” is not a level")
        }
        var logger = Logger(label: "martletd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        self.logger = logger
        self.settings = try Self.settings(path: settingsPath)
        self.host = try EngineHost(settings)
        _ = try TrustedKeys(paths: [settings.keyDirectory])
    }

    package func run() async throws {
        try FileManager.default.createDirectory(atPath: settings.stateDirectory, withIntermediateDirectories: true)
        try await HTTPClient.withHTTPClient(configuration: httpConfiguration) { http in
            let engine = try UpdateEngine(settings: settings, host: host, http: http, logger: logger)
            let control = ControlServer(path: settings.controlSocket, engine: engine, logger: logger)
            var configuration = ServiceGroupConfiguration(
                services: [control, engine], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            configuration.maximumGracefulShutdownDuration = .seconds(10)
            try await ServiceGroup(configuration: configuration).run()
        }
    }

    private var httpConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(30)
        configuration.timeout.read = TimeAmount(settings.downloadStall)
        configuration.redirectConfiguration = .follow(max: 10, allowCycles: false)
        configuration.httpVersion = .http1Only
        return configuration
    }

    private static func settings(path: String?) throws -> EngineSettings {
        let file = path ?? standardSettingsPath
        if path == nil, !FileManager.default.fileExists(atPath: file) { return EngineSettings() }
        let bytes: [UInt8]?
        do {
            bytes = try AtomicFile.read(file, limit: settingsBytesMax)
        } catch {
            throw SettingsError(path: file, key: nil, reason: "it cannot be read: \(error)")
        }
        guard let bytes else { throw SettingsError(path: file, key: nil, reason: "there is no such file") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError(path: file, key: nil, reason: "it is not UTF-8")
        }
        return try EngineSettings(parsing: text, path: file)
    }
}
