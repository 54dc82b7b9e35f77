import FoundationEssentials

/// A proxy: a host that passes requests on. Prints without user and password.
package struct WebProxy: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        /// Asked for whole addresses, and by `CONNECT` for what is encrypted.
        case http
        /// SOCKS 5; it resolves the names.
        case socks5
    }

    package let kind: Kind
    package let host: String
    package let port: Int
    /// `user:password`.
    package let credentials: String?
    package var description: String { "\(kind)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    /// What curl takes where no port is said.
    private static let portStandard = 1080

    /// Parses `[scheme://][user:password@]host[:port]`; without a scheme it is `http`.
    ///
    /// Source: curl(1), `--proxy`. Proxies spoken to over TLS, SOCKS 4 and SOCKS with a password are refused: to pass
    /// one over in silence would send requests where they must not go.
    /// - Throws: ``InvalidProxy``; never with the text, which may hold a password.
    package init(_ text: String) throws(InvalidProxy) {
        guard (1...2048).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw InvalidProxy(reason: "it is no address of a proxy")
        }
        let url = URL(string: text.contains("://") ? text : "http://\(text)", encodingInvalidCharacters: false)
        guard let url, let host = url.host(percentEncoded: false), !host.isEmpty,
            (1...65_535).contains(url.port ?? Self.portStandard)
        else { throw InvalidProxy(reason: "it is no address of a proxy") }
        switch url.scheme?.lowercased() {
        case "http": kind = .http
        case "socks5", "socks5h", "socks": kind = .socks5
        default: throw InvalidProxy(reason: "only http:// and socks5h:// proxies are supported")
        }
        self.host = (host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host).lowercased()
        self.port = url.port ?? Self.portStandard
        self.credentials = url.user(percentEncoded: false).map { "\($0):\(url.password(percentEncoded: false) ?? "")" }
        guard kind == .http || credentials == nil else {
            throw InvalidProxy(reason: "a SOCKS proxy with a password is not supported")
        }
    }
}

/// The text names no proxy that can be used.
package struct InvalidProxy: Error, Hashable {
    package let reason: String
}

/// Which proxy stands before which address, as curl understands it.
package struct WebProxies: Hashable, Sendable {
    /// For `http` addresses.
    package var plain: WebProxy?
    /// For `https` addresses.
    package var encrypted: WebProxy?
    package var exceptions: ProxyExceptions

    package init(plain: WebProxy? = nil, encrypted: WebProxy? = nil, exceptions: ProxyExceptions = .init("")) {
        self.plain = plain
        self.encrypted = encrypted
        self.exceptions = exceptions
    }

    /// `nil`: straight there.
    package func proxy(for address: WebAddress) -> WebProxy? {
        guard let proxy = address.isEncrypted ? encrypted : plain, !exceptions.contains(address.host) else {
            return nil
        }
        return proxy
    }
}

extension WebProxies {
    /// What the settings file says; `nil` where it says nothing, empty for no proxy.
    package struct Words: Hashable, Sendable {
        package var http: String?
        package var https: String?
        package var all: String?
        package var except: String?

        package init() {}
    }

    /// The environment wins over the settings file, name by name: `http_proxy` (never in capitals, which a stranger's
    /// header could set in a CGI), `https_proxy`, `all_proxy` for what those two do not say, `no_proxy`.
    ///
    /// Source: curl(1), “Environment”.
    /// - Throws: ``SettingsError`` that names the variable or key, and nothing of its value.
    package init(environment: [String: String], words: Words, path: String) throws(SettingsError) {
        func word(_ names: [String], _ key: String, _ word: String?) -> Source? {
            for name in names {
                if let text = environment[name] { return Source(path: "environment", key: name, text: text) }
            }
            return word.map { Source(path: path, key: "proxy.\(key)", text: $0) }
        }
        let all = word(["all_proxy", "ALL_PROXY"], "all", words.all)
        self.plain = try (word(["http_proxy"], "http", words.http) ?? all)?.proxy()
        self.encrypted = try (word(["https_proxy", "HTTPS_PROXY"], "https", words.https) ?? all)?.proxy()
        self.exceptions = ProxyExceptions(word(["no_proxy", "NO_PROXY"], "except", words.except)?.text ?? "")
    }

    private struct Source {
        var path: String
        var key: String
        var text: String

        func proxy() throws(SettingsError) -> WebProxy? {
            guard !text.isEmpty else { return nil }
            do {
                return try WebProxy(text)
            } catch {
                throw SettingsError(path: path, key: key, reason: error.reason)
            }
        }
    }
}
