import FoundationEssentials
import Testing
import UpdateServerKit

@Suite("Settings")
struct SettingsTests {
    @Test("flags win over the environment, and that over the file")
    func precedence() throws {
        let file = try SettingsFragment(
            toml: "data = \"/file\"\nlisten = \"127.0.0.1:1\"\nauth = \"token\"\npublic-url = \"http://file\"",
            file: "f")
        let environment = SettingsFragment(environment: [
            "MARTLET_DATA": "/environment", "MARTLET_LISTEN": "127.0.0.1:2", "MARTLET_AUTH": "",
        ])
        let merged = SettingsFragment(data: "/flag").overriding(environment).overriding(file)
        let settings = try ServerSettings(merged)
        #expect(settings.dataDirectory == "/flag")
        #expect(settings.listen.port == 2)
        #expect(settings.authentication == .token)
        #expect(settings.publicURL == "http://file")
    }

    @Test("networks from which payloads may be fetched are named, and nothing else is taken for one")
    func fetchFrom() throws {
        var fragment = SettingsFragment(data: "/d")
        fragment.fetchFrom = "127.0.0.0/8, fd00::/8"
        #expect(try ServerSettings(fragment).fetchFrom.count == 2)
        for text in ["lan", "127.0.0.1/8", "10.0.0.0/8 fd00::/8", "0.0.0.0/33"] {
            fragment.fetchFrom = text
            #expect { try ServerSettings(fragment) } throws: { error in
                if case SettingsError.invalid(key: "fetch-from", _, _) = error { true } else { false }
            }
        }
        #expect(SettingsFragment(environment: ["MARTLET_FETCH_FROM": "10.0.0.0/8"]).fetchFrom == "10.0.0.0/8")
        #expect(try SettingsFragment(toml: "fetch-from = \"::1/128\"", file: "f").fetchFrom == "::1/128")
    }

    @Test("an unknown key in the file is refused by name")
    func unknownKey() {
        #expect(throws: SettingsError.unknownKeys(["listne"], file: "f")) {
            try SettingsFragment(toml: "listne = \"127.0.0.1:1\"", file: "f")
        }
    }

    @Test(
        "a file that is no TOML, or has a value of the wrong type, is refused",
        arguments: ["data = ", "data = 3", "[[["])
    func malformed(text: String) {
        #expect { try SettingsFragment(toml: text, file: "f") } throws: { error in
            if case SettingsError.malformed(file: "f", _) = error { true } else { false }
        }
    }

    @Test(
        "authentication can be switched off on loopback addresses",
        arguments: ["127.0.0.1:0", "127.9.8.7:80", "[::1]:80"])
    func openOnLoopback(listen: String) throws {
        let settings = try ServerSettings(SettingsFragment(data: "/d", listen: listen, auth: "none"))
        #expect(settings.authentication == .none)
    }

    @Test(
        "authentication cannot be switched off on any other address",
        arguments: [
            "0.0.0.0:80", "192.0.2.1:80", "[::]:80", "[::ffff:127.0.0.1]:80", "localhost:80", "127.0.0.1.example:80",
            "128.0.0.1:80",
        ])
    func notOpenBeyond(listen: String) {
        #expect(throws: SettingsError.openToTheNetwork(listen: listen)) {
            try ServerSettings(SettingsFragment(data: "/d", listen: listen, auth: "none"))
        }
    }

    @Test(
        "what is no address to listen on is refused",
        arguments: [
            "", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", ":80", "a b:80",
        ])
    func badListen(text: String) {
        #expect(throws: SettingsError.self) { try ListenAddress(text) }
    }

    @Test(
        "an address is written as it was read", arguments: ["127.0.0.1:8080", "[::1]:8080", "updates.example.org:443"])
    func listenRoundTrip(text: String) throws {
        #expect(try ListenAddress(text).description == text)
    }

    @Test(
        "a public URL must be one",
        arguments: [
            "updates", "ftp://a", "http://", "http:///x", "http://a b", "http://a?x=1", "http://a\"", "http://:80",
        ])
    func badPublicURL(text: String) {
        #expect(throws: SettingsError.self) { try ServerSettings(SettingsFragment(data: "/d", publicURL: text)) }
    }

    @Test("how many new machines are taken in an hour is a number, with or without its unit")
    func admission() throws {
        #expect(try ServerSettings(SettingsFragment(data: "/d")).newMachinesPerHour == 100_000)
        for text in ["250", "250/hour"] {
            let fragment = SettingsFragment(environment: ["MARTLET_ADMIT": text])
            #expect(try ServerSettings(SettingsFragment(data: "/d").overriding(fragment)).newMachinesPerHour == 250)
        }
        for text in ["", "-1", "many", "5/minute", "5/hour/hour"] {
            #expect(throws: SettingsError.self) { try ServerSettings(SettingsFragment(data: "/d", admit: text)) }
        }
    }

    @Test("a public URL loses the slash at its end")
    func publicURL() throws {
        let settings = try ServerSettings(SettingsFragment(data: "/d", publicURL: "https://a.example/updates/"))
        #expect(settings.publicURL == "https://a.example/updates")
    }

    @Test("a settings file that was named must exist")
    func namedFileMissing() {
        #expect(throws: SettingsError.self) {
            try ServerSettings.load(flags: .init(data: "/d"), environment: [:], configFile: "/nonexistent/x.toml")
        }
    }
}
