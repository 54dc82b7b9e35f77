import FoundationEssentials
import HostLinux
import Testing
import UpdateEngineKit
import UpdateLogic
import UpdateModel

@Suite("The settings file")
struct SettingsTests {
    private func refusal(_ text: String) -> SettingsError? {
        do throws(SettingsError) {
            _ = try EngineSettings(parsing: text, path: "/etc/martlet/martletd.toml")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a key that is wrong is named, and the program leaves with 78",
        arguments: [
            ("[slots]\ntries = \"one\"", "slots.tries"),
            ("[slots]\ntries = 0", "slots.tries"),
            ("[slots]\ntries = 16", "slots.tries"),
            ("[slots]\ndisk = \"sda\"", "slots.disk"),
            ("[slots]\ncontrol = \"grub\"", "slots.control"),
            ("[slots]\nbooted = \"c\"", "slots.booted"),
            ("[server]\nurl = \"updates.example.org\"", "server.url"),
            ("[server]\napplication = \"{not a name\"", "server.application"),
            ("[schedule]\ninterval = -1", "schedule.interval"),
            ("[schedule]\ninterval = 100\ninterval-max = 10", "schedule.interval-max"),
            ("[schedule]\njitter = 1e300", "schedule.jitter"),
            ("[schedule]\ninterval = nan", "schedule.interval"),
            ("[download]\nbytes-per-second = -5", "download.bytes-per-second"),
            ("[download]\nattempts = 0", "download.attempts"),
            ("[health]\ntime-limit = \"soon\"", "health.time-limit"),
            ("[control]\nsocket = \"control.sock\"", "control.socket"),
            ("[reboot]\nstrategy = \"maybe\"", "reboot.strategy"),
            ("[reboot]\nmethod = \"jump\"", "reboot.method"),
            ("[reboot]\nmethod = \"kexec\"", "reboot.method"),
            ("[reboot]\nkexec-command = [\"kexec\"]", "reboot.kexec-command"),
            ("[slots]\nkernel-bytes-per-second = -1", "slots.kernel-bytes-per-second"),
            ("[slots]\ncontrol = \"systemd-boot\"\nkernel-directory = \"\"", "slots.kernel-directory"),
            ("[health]\ntarget = \"--now\"", "health.target"),
            ("[health]\ntarget = \"boot\"", "health.target"),
            ("[health]\nlimit = 0", "health.limit"),
            ("[health]\nlimit = 10801", "health.limit"),
            ("[server]\nulr = 5\n[health]\nlimit = 0", "health.limit"),
            ("[reboot]\ncommand = []", "reboot.command"),
            ("[reboot]\ncommand = [\"reboot\"]", "reboot.command"),
        ])
    func wrongKey(text: String, key: String) throws {
        let error = try #require(refusal(text))
        #expect(error.key == key)
        #expect(error.userMessage.exit == .configuration)
        #expect(error.userMessage.line.contains("/etc/martlet/martletd.toml"))
        #expect(error.userMessage.line.contains(key))
    }

    @Test("keys that are not known are named and change nothing: a newer release may have written them")
    func unknownKeys() throws {
        let text = "colour = 1\n[server]\nulr = \"http://x/\"\ntrack = \"beta\"\n[orbit]\nheight = 400\n"
        let settings = try EngineSettings(parsing: text, path: "x")
        #expect(settings.unknownKeys == ["colour", "orbit", "server.ulr"])
        #expect(settings.track == "beta")
        #expect(try EngineSettings(parsing: "[server]\ntrack = \"beta\"", path: "x").unknownKeys.isEmpty)
    }

    @Test(
        "what is no TOML is refused with its line, and nothing crashes",
        arguments: [
            "[!", "[[[", "[", "[]", "a =", "= 1", "[server\nurl = 1", "\u{0}", "[server]\nurl = \"", "[ server ]x",
        ])
    func noTOML(text: String) throws {
        let error = try #require(refusal(text))
        #expect(error.userMessage.exit == .configuration)
    }

    @Test("an empty file means the defaults, and so does the example that is shipped")
    func defaults() throws {
        let none = try EngineSettings(parsing: "", path: "x")
        let root = #filePath.components(separatedBy: "/Tests/")[0]
        let bytes = try #require(try AtomicFile.read("\(root)/dist/martletd.toml", limit: 65_536))
        let shipped = try EngineSettings(parsing: String(decoding: bytes, as: UTF8.self), path: "x")
        #expect(shipped.schedule == none.schedule)
        #expect(shipped.server == none.server)
        #expect(shipped.tries == none.tries && shipped.controlSocket == none.controlSocket)
        #expect(shipped.downloadStall == none.downloadStall && shipped.downloadAttempts == none.downloadAttempts)
        #expect(shipped.healthSettle == none.healthSettle && shipped.rebootCommand == none.rebootCommand)
        #expect(shipped.unknownKeys.isEmpty)
    }

    @Test("the settings that the reference system ships are good")
    func referenceSystem() throws {
        let root = #filePath.components(separatedBy: "/Tests/")[0]
        let path = "\(root)/images/rootfs/etc/martlet/martletd.toml"
        let bytes = try #require(try AtomicFile.read(path, limit: 65_536))
        let settings = try EngineSettings(parsing: String(decoding: bytes, as: UTF8.self), path: path)
        #expect(settings.unknownKeys.isEmpty)
        #expect(settings.control == .systemdBoot && settings.healthTarget == "boot-complete.target")
    }

    @Test("fractions of seconds are understood, and numbers without a fraction too")
    func seconds() throws {
        let settings = try EngineSettings(parsing: "[schedule]\ninitial-delay = 0.25\ninterval = 7", path: "x")
        #expect(settings.schedule.initialDelay == .milliseconds(250))
        #expect(settings.schedule.interval == .seconds(7))
    }
}

@Suite("Files of keys and values")
struct KeyValueFileTests {
    @Test(
        "lines are split at the first “=”, one pair of quotes goes, and the last of several wins",
        arguments: [
            ("GROUP=stable", "stable"), ("GROUP=\"alpha\"", "alpha"), ("GROUP='beta'", "beta"),
            ("GROUP=a=b", "a=b"), ("GROUP=one\nGROUP=two", "two"), ("GROUP= spaced \r\n", "spaced"),
            ("GROUP=\"", "\""), ("GROUP=", ""),
        ])
    func values(text: String, value: String) {
        #expect(KeyValueFile(text)["GROUP"] == value)
    }

    @Test("comments and lines without “=” set nothing")
    func nothing() {
        let file = KeyValueFile("#GROUP=x\nGROUP\n\n=y")
        #expect(file["GROUP"] == nil)
        #expect(file["#GROUP"] == nil)
    }
}

@Suite("Who the machine is")
final class IdentityTests {
    private let folder =
        FileManager.default.temporaryDirectory.path + "/martlet-identity-\(UInt64.random(in: 0 ... .max))"
    private var settings: EngineSettings

    init() throws {
        settings = EngineSettings()
        settings.root = folder
        for name in ["etc/flatcar", "usr/share/flatcar", "usr/share/oem"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try write("0123456789abcdef0123456789abcdef\n", to: "etc/machine-id")
        try write("VERSION_ID=9.9.9\n", to: "etc/os-release")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ text: String, to name: String) throws {
        try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)")
    }

    @Test("a Flatcar machine says what its files say")
    func flatcar() throws {
        try write(
            "FLATCAR_RELEASE_VERSION=4230.2.3\nFLATCAR_RELEASE_BOARD=arm64-usr\nFLATCAR_RELEASE_APPID={e96281a6-d1af-4bde-9a0a-97b76e56dc57}\n",
            to: "usr/share/flatcar/release")
        try write("ID=qemu\nVERSION_ID=\"1 & 2\"\n", to: "usr/share/oem/oem-release")
        try write("GROUP=beta\nSERVER=https://public.example/\n", to: "usr/share/flatcar/update.conf")
        let identity = try MachineIdentity.read(settings)
        #expect(identity.version.text == "4230.2.3")
        #expect(identity.board == "arm64-usr")
        #expect(identity.oem == "qemu" && identity.oemVersion == "1 & 2")
        #expect(identity.track == "beta")
        #expect(identity.server == .at(try WebAddress("https://public.example/")))
    }

    @Test("key by key: update.conf of the machine, then the settings, then what the image brings")
    func order() throws {
        try write("GROUP=image\nSERVER=https://image.example/\n", to: "usr/share/flatcar/update.conf")
        settings.track = "settings"
        #expect(try MachineIdentity.read(settings).track == "settings")
        try write("GROUP=machine\nMACHINE_ALIAS=web-1\nREBOOT_STRATEGY=etcd-lock\n", to: "etc/flatcar/update.conf")
        let identity = try MachineIdentity.read(settings)
        #expect(identity.track == "machine" && identity.alias == "web-1")
        #expect(identity.server == .at(try WebAddress("https://image.example/")))
        #expect(identity.rebootStrategy == .off, "no reboot without the lock that was asked for")
    }

    @Test("without a machine id or a version there is no identity, and the message names the file")
    func missing() throws {
        try write("\n", to: "etc/machine-id")
        #expect(throws: IdentityError.noMachineID("\(folder)/etc/machine-id")) {
            try MachineIdentity.read(self.settings)
        }
        try write("abc\n", to: "etc/machine-id")
        try write("NAME=none\n", to: "etc/os-release")
        #expect(throws: IdentityError.noVersion) { try MachineIdentity.read(self.settings) }
    }
}

@Suite("Web addresses")
struct WebAddressTests {
    @Test(
        "what is no address of the web is refused",
        arguments: [
            "", "disabled", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///x",
            "https://:80/",
            "http://a b/", "http://x/\n", "http://x/ü", "http://x:0/", "http://x:99999/", "javascript:alert(1)",
        ])
    func refused(text: String) {
        #expect(throws: InvalidWebAddress.self) { try WebAddress(text) }
    }

    @Test("user, password and query are kept for the server and never printed")
    func secrets() throws {
        let address = try WebAddress("https://ann:s3cret@example.org:8443/a/b?token=t0ken")
        #expect(address.text == "https://example.org:8443/a/b?token=t0ken")
        #expect(address.credentials == "ann:s3cret")
        #expect("\(address)" == "https://example.org:8443/a/b?…")
    }

    @Test("addresses of IPv6 keep their brackets")
    func ipv6() throws {
        #expect(try WebAddress("http://[::1]:8080/v1/update/").text == "http://[::1]:8080/v1/update/")
    }

    @Test("a redirect may be relative, may gain encryption, and may never lose it")
    func redirects() throws {
        let plain = try WebAddress("http://example.org/a/b")
        let secure = try WebAddress("https://example.org/a/b")
        #expect(try plain.redirected(to: "/c").text == "http://example.org/c")
        #expect(try plain.redirected(to: "https://example.org/c").isEncrypted)
        #expect(throws: InvalidWebAddress.self) { try secure.redirected(to: "http://example.org/c") }
        #expect(throws: InvalidWebAddress.self) { try secure.redirected(to: "file:///etc/passwd") }
        #expect(try !secure.redirected(to: "https://example.com/").hasSameOrigin(as: secure))
    }
}

@Suite("Content ranges")
struct ContentRangeTests {
    @Test(
        "what is no range of bytes is none",
        arguments: [
            "", "bytes", "bytes 5", "bytes 5-4/10", "bytes -1-4/10", "items 0-1/2", "bytes 0-1/x", "bytes 0-1",
            "bytes 0-1/2/3",
        ])
    func refused(text: String) { #expect(ContentRange(text) == nil) }

    @Test("numbers are read, with or without a total")
    func read() {
        #expect(ContentRange("bytes 5-9/10")?.first == 5)
        #expect(ContentRange("bytes 5-9/10")?.total == 10)
        #expect(ContentRange("Bytes 5-9/*") != nil && ContentRange("Bytes 5-9/*")?.total == nil)
    }
}
