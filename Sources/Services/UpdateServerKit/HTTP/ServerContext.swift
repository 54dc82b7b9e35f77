package import Hummingbird
import NIOCore

/// What is known of a request beside the request itself.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address without its port. Headers that claim another are not believed.
    let peerAddress: String?
    /// The connection.
    let channel: any Channel
    /// The address and port of this machine that the peer reached.
    let reachedAddress: ListenAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        peerAddress = source.channel.remoteAddress?.ipAddress.map(Self.plain)
        reachedAddress = source.channel.localAddress.flatMap { local in
            guard let host = local.ipAddress, let port = local.port else { return nil }
            return ListenAddress(host: Self.plain(host), port: port)
        }
    }

    /// An IPv4 peer of a socket that takes both families appears as `::ffff:192.0.2.1`.
    private static func plain(_ address: String) -> String {
        address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }
}
