import HostLinux
package import UpdateModel

/// Whom the machine asks for updates.
package enum UpdateServer: Hashable, Sendable {
    /// No address, or the word that switches updates off.
    case off
    case at(WebAddress)
    /// Something is set that is no address; `source` names the file and key.
    case unusable(source: String)

    /// What stands in `SERVER` on a Flatcar machine that must never update.
    package static let offWord = "disabled"
}

/// Who this machine is and whom it asks, read afresh for each check so that an edit of `update.conf` counts at once.
///
/// Key by key: `/etc/…/update.conf`, then the settings file, then what the image brings along, then the default.
package struct MachineIdentity: Hashable, Sendable {
    package var machine: MachineID
    package var version: Version
    package var board: String
    package var application: ApplicationID
    package var track: String
    package var server: UpdateServer
    package var rebootStrategy: EngineSettings.RebootStrategy
    package var alias: String
    package var oem: String
    package var oemVersion: String
    /// `user:password` for payloads behind `https`.
    package var downloadCredentials: String?

    /// - Throws: ``IdentityError`` when the machine has no id or its release no usable version.
    package static func read(_ settings: EngineSettings) throws(IdentityError) -> MachineIdentity {
        let files = RootFiles(root: settings.root)
        let release = files.keyValues("/usr/share/flatcar/release", "/usr/share/coreos/release")
        let update = files.keyValues("/etc/flatcar/update.conf", "/etc/coreos/update.conf")
        let image = files.keyValues("/usr/share/flatcar/update.conf", "/usr/share/coreos/update.conf")
        let oem = files.keyValues("/etc/oem-release", "/usr/share/oem/oem-release")
        let operatingSystem = files.keyValues("/etc/os-release", "/usr/lib/os-release")
        return MachineIdentity(
            machine: try machine(files),
            version: try version(update, release, operatingSystem),
            board: named("RELEASE_BOARD", update, release) ?? "\(architectureName())-usr",
            application: application(update, release) ?? settings.application,
            track: update["GROUP"] ?? settings.track ?? image["GROUP"] ?? "stable",
            server: server(update) ?? settings.server ?? server(image) ?? .off,
            rebootStrategy: rebootStrategy(update) ?? settings.rebootStrategy,
            alias: update["MACHINE_ALIAS"] ?? settings.alias,
            oem: oem["ID"] ?? "",
            oemVersion: oem["VERSION_ID"] ?? "",
            downloadCredentials: update["DOWNLOAD_USER"].flatMap { user in
                user.isEmpty ? nil : "\(user):\(update["DOWNLOAD_PASSWORD"] ?? "")"
            })
    }

    /// What is no name is passed over.
    private static func application(_ files: KeyValueFile...) -> ApplicationID? {
        files.lazy.compactMap { $0["FLATCAR_RELEASE_APPID"] ?? $0["COREOS_RELEASE_APPID"] }.first
            .flatMap { try? ApplicationID($0) }
    }

    /// `nil` when the file does not say.
    private static func server(_ file: KeyValueFile) -> UpdateServer? {
        guard let text = file["SERVER"] else { return nil }
        if text.isEmpty || text == UpdateServer.offWord { return .off }
        // What is no address may hold a password, so it is not repeated.
        return (try? WebAddress(text)).map { .at($0) } ?? .unusable(source: "SERVER in update.conf")
    }

    /// Strategies that need a lock are not honoured by rebooting without one.
    private static func rebootStrategy(_ update: KeyValueFile) -> EngineSettings.RebootStrategy? {
        switch update["REBOOT_STRATEGY"] {
        case nil, "": nil
        case "reboot", "best-effort": .reboot
        default: .off
        }
    }

    private static func machine(_ files: RootFiles) throws(IdentityError) -> MachineID {
        let text = files.text("/etc/machine-id").map { String($0.prefix { !$0.isNewline }) } ?? ""
        do {
            return try MachineID(text)
        } catch {
            throw .noMachineID(files.path("/etc/machine-id"))
        }
    }

    private static func version(_ files: KeyValueFile...) throws(IdentityError) -> Version {
        let names = ["FLATCAR_RELEASE_VERSION", "COREOS_RELEASE_VERSION", "IMAGE_VERSION", "VERSION_ID"]
        for file in files {
            for name in names {
                if let text = file[name], let version = try? Version(text) { return version }  // Else the next file.
            }
        }
        throw .noVersion
    }

    private static func named(_ suffix: String, _ files: KeyValueFile...) -> String? {
        for file in files {
            if let value = file["FLATCAR_\(suffix)"] ?? file["COREOS_\(suffix)"] { return value }
        }
        return nil
    }

    private static func architectureName() -> String {
        #if arch(arm64)
            Architecture.arm64.name
        #else
            Architecture.amd64.name
        #endif
    }
}
