package import UpdateModel

/// Checked settings: a server can be built from them.
package struct ServerSettings: Sendable, Equatable {
    /// Who may use the API and see the page.
    package enum Authentication: String, Sendable, CaseIterable {
        /// Whoever shows a token that the server made.
        case token
        /// Everyone who can connect, which is why it is refused beyond the loopback addresses.
        case none
    }

    /// The directory that holds everything the server knows.
    package let dataDirectory: String
    package let listen: ListenAddress
    package let authentication: Authentication
    /// The server's URL in what it hands out, without a slash at its end; `nil` for the address that it listens on.
    package let publicURL: String?
    /// New machines that are taken in within an hour.
    package let newMachinesPerHour: Int
    /// Networks beside the public Internet from which payloads may be fetched.
    package let fetchFrom: [NetworkPrefix]

    /// Checks `fragment`.
    ///
    /// - Throws: ``SettingsError`` naming the key at fault.
    package init(_ fragment: SettingsFragment) throws(SettingsError) {
        guard let data = fragment.data, !data.isEmpty else { throw .missing(key: "data", flag: "--data DIRECTORY") }
        dataDirectory = data
        listen = try ListenAddress(fragment.listen ?? "127.0.0.1:8080")
        let auth = fragment.auth ?? Authentication.token.rawValue
        guard let authentication = Authentication(rawValue: auth) else {
            throw .invalid(key: "auth", value: auth, wanted: "token or none")
        }
        self.authentication = authentication
        publicURL = try fragment.publicURL.map(Self.checkedURL)
        newMachinesPerHour = try Self.admission(fragment.admit ?? "100000/hour")
        fetchFrom = try Self.networks(fragment.fetchFrom ?? "")
        if authentication == .none, !listen.isLoopback { throw .openToTheNetwork(listen: listen.description) }
    }

    private static func admission(_ text: String) throws(SettingsError) -> Int {
        let number = text.hasSuffix("/hour") ? text.dropLast(5) : text[...]
        guard let count = Int(number), (0...1_000_000_000).contains(count) else {
            throw .invalid(key: "admit", value: text, wanted: "a number of machines an hour such as 1000/hour")
        }
        return count
    }

    private static func networks(_ text: String) throws(SettingsError) -> [NetworkPrefix] {
        try text.split(separator: ",").map { part throws(SettingsError) in
            guard let prefix = NetworkPrefix(part.drop { $0 == " " }) else {
                throw .invalid(key: "fetch-from", value: String(part), wanted: "networks such as 10.0.0.0/8,fd00::/8")
            }
            return prefix
        }
    }

    private static func checkedURL(_ text: String) throws(SettingsError) -> String {
        let lower = text.lowercased()
        let isWeb = lower.hasPrefix("http://") || lower.hasPrefix("https://")
        let rest = text.drop { $0 != "/" }.dropFirst(2)
        let isClean = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"<>?#\\^`{|}".utf8.contains($0) }
        guard isWeb, isClean, let first = rest.first, !"/:@".contains(first) else {
            throw .invalid(key: "public-url", value: text, wanted: "a URL such as https://updates.example.org")
        }
        var url = Substring(text)
        while url.last == "/" { url.removeLast() }
        return String(url)
    }
}

extension ServerSettings {
    /// Where the settings file is looked for when none is named.
    package static let defaultFile = "/etc/martlet/server.toml"

    /// Merges the three sources: flags before environment before the settings file.
    ///
    /// - Parameter configFile: the file that was named, which then must exist; `nil` for the usual place, which may be
    ///   empty.
    /// - Throws: ``SettingsError``.
    package static func load(
        flags: SettingsFragment, environment: [String: String], configFile: String?
    ) throws(SettingsError) -> ServerSettings {
        let named = configFile ?? environment["MARTLET_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        var file = SettingsFragment()
        if let text = try SettingsFile.read(named ?? defaultFile, mayBeMissing: named == nil) {
            file = try SettingsFragment(toml: text, file: named ?? defaultFile)
        }
        let merged = flags.overriding(SettingsFragment(environment: environment)).overriding(file)
        return try ServerSettings(merged)
    }
}
