import FleetModel
package import FleetOperations
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals
import UpdateModel

/// A whole server: routes, connections, and what runs beside them.
package struct UpdateServer: Sendable {
    /// How long answers may take to end after the server was told to stop.
    static let shutdownTimeout = Duration.seconds(5)

    let settings: ServerSettings
    let directory: DataDirectory
    let control: FleetControl
    let renderPage: PageRenderer
    let logger: Logger
    let metrics: ServerMetrics
    /// How long the server bears with slow peers.
    package var patience = Patience()

    package init(
        settings: ServerSettings, directory: DataDirectory, control: FleetControl, logger: Logger,
        metrics: ServerMetrics = ServerMetrics(), renderPage: @escaping PageRenderer
    ) {
        self.settings = settings
        self.directory = directory
        self.control = control
        self.logger = logger
        self.renderPage = renderPage
        self.metrics = metrics
    }

    /// Serves until SIGTERM or SIGINT, or until the task is cancelled.
    ///
    /// - Parameter onListening: called with the address once connections are taken; the file of the data directory that
    ///   tells it is there by then.
    /// - Throws: ``StartError/cannotListen(address:reason:)``, and what the stores throw.
    package func run(onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }) async throws {
        directory.forgetListenAddress()
        try await control.restoreClock()
        try await AdminToken(control: control, directory: directory).prepare()
        let application = application { channel in
            let port = channel.localAddress?.port ?? settings.listen.port
            let address = ListenAddress(host: settings.listen.host, port: port)
            tell(address)
            await onListening(address)
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                application, GrantKeeper(control: control, logger: logger),
                ChannelKeeper(control: control, logger: logger), MirrorKeeper(control: control, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.shutdownTimeout
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw StartError.cannotListen(address: "\(settings.listen)", reason: StartError.words(error))
        } catch let error as SocketAddressError {
            throw StartError.cannotListen(address: "\(settings.listen)", reason: "\(error)")
        }
    }

    /// For people in the log, for scripts in a file. The server serves even where that cannot be written.
    private func tell(_ address: ListenAddress) {
        logger.info("Listening", metadata: ["address": "\(address)", "auth": "\(settings.authentication.rawValue)"])
        do {
            try directory.write("\(address)\n", to: directory.listenAddressFile, mode: 0o644)
        } catch {
            logger.error("Could not tell the address", metadata: ["error": "\(error.userMessage.line)"])
        }
    }

    /// The server as Hummingbird runs it.
    package func application(
        onRunning: @escaping @Sendable (any NIOCore.Channel) async -> Void = { _ in }
    ) -> Hummingbird.Application<RouterResponder<ServerContext>> {
        let address = BindAddress.hostname(settings.listen.host, port: settings.listen.port)
        return Hummingbird.Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionCloser(stallTimeout: patience.stall)],
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10))),
            configuration: .init(
                address: address, serverName: "martlet", backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(OpenFileLimit.connectionCountMax)),
            onServerRunning: onRunning, logger: logger)
    }

    /// What the router knows: `GET /healthz`, and so on.
    package var routes: [String] { router().routes.map { "\($0.method.rawValue) \($0.path)" } }

    private func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        let health = StoreHealth()
        router.add(middleware: FaultMiddleware(health: health))
        let bodies = BodyReader(patience: patience.body)
        let authenticator = Authenticator(control: control, mode: settings.authentication)
        let guardian = BrowserGuard(mode: settings.authentication)
        let address = PublicAddress(url: settings.publicURL, listen: settings.listen)
        UpdateRoute(
            control: control, address: address, bodies: bodies, health: health, metrics: metrics
        ).add(to: router)
        PayloadRoutes(control: control).add(to: router)
        PageRoutes(
            control: control, authenticator: authenticator, guardian: guardian, address: address,
            health: health, render: renderPage
        ).add(to: router)
        let startedAt = SystemTime().now()
        MetricsRoute(
            control: control, authenticator: authenticator, guardian: guardian, metrics: metrics, startedAt: startedAt
        ).add(to: router)
        APIRoutes(
            control: control, authenticator: authenticator, guardian: guardian, address: address, bodies: bodies,
            startedAt: startedAt
        ).add(to: router)
        return router
    }
}
