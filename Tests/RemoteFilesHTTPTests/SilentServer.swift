import NIOCore
import NIOPosix
import Testing

/// Takes connections and says nothing.
enum SilentServer {
    static func run(_ test: (Int) async throws -> Void) async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        do { try await test(try #require(channel.localAddress?.port)) } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }
}
