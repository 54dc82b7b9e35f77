import FoundationEssentials
import HostLinux
import UpdateModel

/// Who this machine is and whom it asks, read afresh for each check so that an edit of `update.conf` counts at once.
struct MachineIdentity: Hashable, Sendable {
    var machine: MachineID
    var version: Version
    var board: String
    var application: ApplicationID
    var track: String
    /// `nil` when updates are switched off: no address, or `SERVER=disabled`.
    var server: String?
    var alias: String
    var oem: String
    var oemVersion: String

    /// - Throws: ``IdentityError`` when the machine has no id or its release no usable version.
    static func read(_ settings: EngineSettings) throws(IdentityError) -> MachineIdentity {
        let files = RootFiles(root: settings.root)
        let release = files.keyValues("/usr/share/flatcar/release", "/usr/share/coreos/release")
        let update = files.keyValues("/etc/flatcar/update.conf", "/etc/coreos/update.conf")
        let oem = files.keyValues("/etc/oem-release", "/usr/share/oem/oem-release")
        let operatingSystem = files.keyValues("/etc/os-release", "/usr/lib/os-release")
        let server = update["SERVER"] ?? settings.server
        return MachineIdentity(
            machine: try machine(files),
            version: try version(update, release, operatingSystem),
            board: named("RELEASE_BOARD", update, release) ?? "\(architectureName())-usr",
            application: named("RELEASE_APPID", update, release).flatMap { try? ApplicationID($0) }  // Else the setting.
                ?? settings.application,
            track: update["GROUP"] ?? settings.track,
            server: server.isEmpty || server == "disabled" ? nil : server,
            alias: update["MACHINE_ALIAS"] ?? settings.alias,
            oem: oem["ID"] ?? "",
            oemVersion: oem["VERSION_ID"] ?? "")
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

/// The machine cannot say who it is.
enum IdentityError: Error, Hashable {
    case noMachineID(String)
    case noVersion
}

extension IdentityError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .noMachineID(let path):
            UserMessage("\(path) holds no machine id.", hint: "See systemd-machine-id-setup.", exit: .configuration)
        case .noVersion:
            UserMessage(
                "No release file names the running version.",
                hint: "Looked in usr/share/flatcar/release, usr/share/coreos/release and os-release.", exit: .configuration)
        }
    }
}

/// Small files of the running system, below the root that the settings name.
struct RootFiles: Sendable {
    let root: String
    /// No settings or identity file is larger.
    private static let sizeMax = 64 * 1024

    func path(_ absolute: String) -> String {
        (root.hasSuffix("/") ? String(root.dropLast()) : root) + absolute
    }

    /// `nil` when the file is missing, unreadable, too large or no UTF-8: all mean “not said here”.
    func text(_ absolute: String) -> String? {
        guard let bytes = try? AtomicFile.read(path(absolute), limit: Self.sizeMax) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The first file that exists.
    func keyValues(_ candidates: String...) -> KeyValueFile {
        KeyValueFile(candidates.lazy.compactMap { text($0) }.first ?? "")
    }
}
