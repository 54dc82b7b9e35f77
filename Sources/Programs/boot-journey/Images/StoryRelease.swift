import FleetDemo
import UpdateModel

extension Version {
    /// What the machine is bought with.
    static let first = known("1.0.0")
    static let second = known("2.0.0")
    /// Its init is missing.
    static let lame = known("3.0.0")
    /// Boots, and fails its health check.
    static let sick = known("3.1.0")
    static let mended = known("3.2.0")
    static let fourth = known("4.0.0")
    /// Hangs before its init is started.
    static let hung = known("5.0.0")

    private static func known(_ text: String) -> Version {
        guard let version = try? Version(text) else { preconditionFailure("\(text) is a version") }
        return version
    }
}

/// A release of the story: the reference OS with the journey's own files, and what is wrong with it.
struct StoryRelease: Sendable {
    enum Flaw: Hashable, Sendable {
        case none
        case noInit
        case unhealthy
        case hangs
    }

    /// A file that is added to the image.
    struct File: Hashable, Sendable {
        let path: String
        var isExecutable = false
        let text: String
    }

    let version: Version
    let flaw: Flaw

    static let all = [
        StoryRelease(version: .first, flaw: .none), StoryRelease(version: .second, flaw: .none),
        StoryRelease(version: .lame, flaw: .noInit), StoryRelease(version: .sick, flaw: .unhealthy),
        StoryRelease(version: .mended, flaw: .none), StoryRelease(version: .fourth, flaw: .none),
        StoryRelease(version: .hung, flaw: .hangs),
    ]

    /// What the failing health check prints, and what the server must come to know.
    static let complaint = "the lamp in the hall is out"

    var files: [File] {
        let units = "/usr/lib/systemd/system"
        let usual = [
            File(path: "/usr/lib/journey/agent", isExecutable: true, text: GuestTexts.agent),
            File(path: "/usr/lib/journey/mark", isExecutable: true, text: GuestTexts.mark),
            File(path: "\(units)/journey-agent.service", text: GuestTexts.agentUnit),
            File(path: "\(units)/journey-mark.service", text: GuestTexts.markUnit),
            File(path: "/etc/martlet/martletd.toml", text: GuestTexts.settings),
        ]
        return switch flaw {
        case .none, .noInit: usual
        case .unhealthy:
            usual + [File(path: "/etc/martlet/health.d/10-lamp", isExecutable: true, text: GuestTexts.failingCheck)]
        // The initramfs asks it whether there is an init.
        case .hangs: usual + [File(path: "/usr/bin/test", isExecutable: true, text: GuestTexts.endlessTest)]
        }
    }

    /// What the image builder is told beside the release's version.
    var builderWords: [String] {
        let usual = [
            "--enable", "journey-agent.service", "--enable", "journey-mark.service",
            // Two unfinished boots of a proven release are enough to tell the story.
            "--set", "update.tries=2",
            "--set", "kernel.command-line=\(Self.commandLine)",
        ]
        return flaw == .noInit ? usual + ["--remove", "/usr/sbin/init"] : usual
    }

    /// As in the definition, and without what costs an emulated processor most and proves nothing here.
    private static let commandLine =
        "net.ifnames=0 loglevel=4 mitigations=off nokaslr cryptomgr.notests no_timer_check audit=0 martlet.watchdog=60"
}
