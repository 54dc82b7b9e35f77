import ArgumentParser
import DashboardKit
import FleetOperations
import FleetStorage
import FleetStorageSQLite
import FoundationEssentials
import Logging
import PayloadStoreFiles
import ProgramKit
import RemoteFilesHTTP
import UpdateServerKit

/// The update service.
@main
struct MartletServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-server", abstract: "Serves updates to a fleet of machines.", version: ServerVersion.text,
        subcommands: [Serve.self])

    static func main() async {
        await Program.run(Self.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }
}

/// `martlet-server serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until it is told to stop.",
        discussion: """
            Example: martlet-server serve --data /var/lib/martlet --listen 127.0.0.1:8080
            A flag wins over its environment variable, and that over the settings file.
            The first start writes an admin token to DATA/admin-token.
            """)

    @Option(help: "The directory that holds everything the server knows ($MARTLET_DATA, data).")
    var data: String?
    @Option(help: "Address and port; port 0 takes a free one ($MARTLET_LISTEN, listen; default 127.0.0.1:8080).")
    var listen: String?
    @Option(help: "token or none; none only on a loopback address ($MARTLET_AUTH, auth; default token).")
    var auth: String?
    @Option(help: "The server's URL in what it hands out ($MARTLET_PUBLIC_URL, public-url; default: its address).")
    var publicURL: String?
    @Option(help: "New machines that are taken in within an hour ($MARTLET_ADMIT, admit; default 100000/hour).")
    var admit: String?
    @Option(
        help: """
            Networks beside the public Internet to fetch payloads from: 10.0.0.0/8,fd00::/8 ($MARTLET_FETCH_FROM, \
            fetch-from).
            """)
    var fetchFrom: String?
    @Option(help: "The settings file ($MARTLET_CONFIG; default \(ServerSettings.defaultFile) where there is one).")
    var config: String?

    func run() async throws {
        let flags = SettingsFragment(
            data: data, listen: listen, auth: auth, publicURL: publicURL, admit: admit, fetchFrom: fetchFrom)
        let environment = ProcessInfo.processInfo.environment
        let settings = try ServerSettings.load(flags: flags, environment: environment, configFile: config)
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        OpenFileLimit.raise()
        DataDirectory.makeNewFilesPrivate()
        let directory = try DataDirectory(creating: settings.dataDirectory)
        try directory.lock()
        let zones = SystemZones()
        let metrics = ServerMetrics()
        let limits = FleetStoreLimits(newMachinesPerHourMaximum: settings.newMachinesPerHour)
        let store = try SQLiteFleetStore(
            path: directory.databaseFile, limits: limits, zones: zones, observer: metrics.storeObserver)
        directory.makeDatabasePrivate()
        let logger = Logger(label: "martlet-server")
        let control = FleetControl(
            store: store,
            payloads: try FilePayloadStore(directory: directory.payloadDirectory), zones: zones,
            remote: HTTPRemoteFiles(
                allowing: settings.fetchFrom,
                noteForbidden: { url, address in
                    logger.warning(
                        "A payload elsewhere leads to an address from which nothing is fetched",
                        metadata: ["payload.url": "\(url)", "server.address": "\(address)"])
                }))
        let server = UpdateServer(
            settings: settings, directory: directory, control: control, logger: logger,
            metrics: metrics
        ) { overview in
            FleetPage(
                markup: DashboardPage(overview).markup, contentSecurityPolicy: DashboardPage.contentSecurityPolicy)
        }
        try await server.run()
    }
}
