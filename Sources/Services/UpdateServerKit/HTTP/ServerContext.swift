package import Hummingbird
import NIOCore

/// What is known of a request beside the request itself.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address without its port. Headers that claim another are not believed.
    let peerAddress: String?
    /// The address and port of this machine that the peer reached.
    let reachedAddress: ListenAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peerAddress = source.channel.remoteAddress?.ipAddress
        reachedAddress = source.channel.localAddress.flatMap { local in
            guard let host = local.ipAddress, let port = local.port else { return nil }
            return ListenAddress(host: host, port: port)
        }
    }
}
