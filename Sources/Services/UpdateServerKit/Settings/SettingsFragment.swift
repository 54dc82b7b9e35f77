import TOMLKit

/// The settings that one source gives: the flags, the environment, or the settings file. All may be absent.
///
/// ## Keys
/// - `data` (`--data`, `MARTLET_DATA`): the directory that holds everything the server knows. Required.
/// - `listen` (`--listen`, `MARTLET_LISTEN`): address and port; default `127.0.0.1:8080`.
/// - `auth` (`--auth`, `MARTLET_AUTH`): `token` (default) or `none`.
/// - `public-url` (`--public-url`, `MARTLET_PUBLIC_URL`): the server's address in what it hands out.
/// - `admit` (`--admit`, `MARTLET_ADMIT`): new machines that are taken in within an hour, `N/hour`; default
///   `100000/hour`.
/// - `fetch-from` (`--fetch-from`, `MARTLET_FETCH_FROM`): networks beside the public Internet from which payloads may
///   be fetched, `10.0.0.0/8,fd00::/8`; default none.
package struct SettingsFragment: Sendable, Equatable, Decodable {
    package var data: String?
    package var listen: String?
    package var auth: String?
    package var publicURL: String?
    package var admit: String?
    package var fetchFrom: String?

    enum CodingKeys: String, CodingKey {
        case data, listen, auth, admit
        case publicURL = "public-url"
        case fetchFrom = "fetch-from"
    }

    package init(
        data: String? = nil, listen: String? = nil, auth: String? = nil, publicURL: String? = nil,
        admit: String? = nil, fetchFrom: String? = nil
    ) {
        self.data = data
        self.listen = listen
        self.auth = auth
        self.publicURL = publicURL
        self.admit = admit
        self.fetchFrom = fetchFrom
    }

    /// What the environment says. An empty variable counts as absent.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        self.init(
            data: value("MARTLET_DATA"), listen: value("MARTLET_LISTEN"), auth: value("MARTLET_AUTH"),
            publicURL: value("MARTLET_PUBLIC_URL"), admit: value("MARTLET_ADMIT"),
            fetchFrom: value("MARTLET_FETCH_FROM"))
    }

    /// What a settings file says; `file` names it in errors.
    ///
    /// - Throws: ``SettingsError/malformed(file:reason:)``, or ``SettingsError/unknownKeys(_:file:)``: a misspelt key
    ///   must not pass for a setting that was made.
    package init(toml: String, file: String) throws(SettingsError) {
        try Self.refuseTables(toml, file: file)
        do {
            self = try TOMLDecoder(strictDecoding: true).decode(SettingsFragment.self, from: toml)
        } catch let error as UnexpectedKeysError {
            throw .unknownKeys(error.keys.keys.sorted(), file: file)
        } catch let error as TOMLParseError {
            throw .malformed(
                file: file, reason: "line \(error.source.begin.line), column \(error.source.begin.column) is no TOML")
        } catch DecodingError.typeMismatch(_, let context) {
            throw .malformed(file: file, reason: "\(Self.path(context)) must be a text in quotes")
        } catch DecodingError.dataCorrupted(let context) {
            throw .malformed(file: file, reason: "\(Self.path(context)) has a wrong value")
        } catch {
            throw .malformed(file: file, reason: "it does not have the form of a settings file")
        }
    }

    /// No setting is in a table. They are refused before the parser sees them, because it takes for granted what
    /// follows a bracket at the beginning of a line.
    private static func refuseTables(_ toml: String, file: String) throws(SettingsError) {
        let lines = toml.split(omittingEmptySubsequences: false) { $0.isNewline }
        let opens: (Substring) -> Bool = { $0.first { !$0.isWhitespace } == "[" }
        guard let line = lines.firstIndex(where: opens) else { return }
        throw .malformed(file: file, reason: "line \(line + 1) begins a table, and no setting is in one")
    }

    private static func path(_ context: DecodingError.Context) -> String {
        context.codingPath.isEmpty ? "a value" : context.codingPath.map(\.stringValue).joined(separator: ".")
    }

    /// This fragment, with what it lacks taken from `other`.
    package func overriding(_ other: SettingsFragment) -> SettingsFragment {
        SettingsFragment(
            data: data ?? other.data, listen: listen ?? other.listen, auth: auth ?? other.auth,
            publicURL: publicURL ?? other.publicURL, admit: admit ?? other.admit,
            fetchFrom: fetchFrom ?? other.fetchFrom)
    }
}
