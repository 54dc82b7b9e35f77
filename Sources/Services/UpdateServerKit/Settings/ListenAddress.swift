import NIOCore

/// Where the server listens: `127.0.0.1:8080`, `[::1]:8080`, `updates.example.org:8080`; port 0 takes a free one.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Throws: ``SettingsError/invalid(key:value:wanted:)`` unless `text` is `HOST:PORT` or `[ADDRESS]:PORT`.
    package init(_ text: String) throws(SettingsError) {
        let wanted = "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080"
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw .invalid(key: "listen", value: text, wanted: wanted)
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .invalid(key: "listen", value: text, wanted: "an IPv6 address in brackets, such as [::1]:8080")
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalid(key: "listen", value: text, wanted: wanted)
        }
        self.init(host: String(host), port: Int(port))
    }

    /// Whether only this machine can reach it: 127.0.0.0/8 or `::1`. A name is not, since it may come to mean another.
    package var isLoopback: Bool {
        switch numeric {
        case .v4: canonicalHost.hasPrefix("127.")
        case .v6: canonicalHost == "::1"
        case .unixDomainSocket, nil: false
        }
    }

    /// Whether it stands for every address of this machine, so that it cannot be handed out as one.
    package var isWildcard: Bool { numeric != nil && ["0.0.0.0", "::"].contains(canonicalHost) }

    /// `HOST:PORT`, with brackets where the host has colons: what goes into a URL.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private var numeric: SocketAddress? {
        // A host that is no numeric address is a name, which is no error.
        try? SocketAddress(ipAddress: host, port: port)
    }

    private var canonicalHost: String { numeric?.ipAddress ?? host }
}
