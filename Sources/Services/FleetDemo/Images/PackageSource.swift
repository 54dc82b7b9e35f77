import FoundationEssentials
import UpdateModel

/// Real files to make images from: unpacked Debian packages, or files of this host.
package struct SourceFiles: Sendable {
    /// Each becomes an entry of the image's `bin`; a link stands for a program that `busybox` plays.
    package var programs: [String: Program]
    /// Files for the image's `lib`.
    package var libraries: [String] = []
    /// A folder with folders of kernel modules in it: `fs`, `drivers/block`, …
    package var moduleRoot: String?
    /// A kernel, if one was found.
    package var kernel: String?
    /// In one line, for people.
    package var origin: String

    package init(programs: [String: Program], moduleRoot: String?, kernel: String?, origin: String) {
        self.programs = programs
        self.moduleRoot = moduleRoot
        self.kernel = kernel
        self.origin = origin
    }

    package enum Program: Hashable, Sendable {
        case file(String)
        case link(to: String)
    }
}

/// Gets the files: Debian's packages, kept in a cache folder, or what this host has.
struct PackageSource: Sendable {
    let command: Command
    let cache: String

    static let userCache: String = {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { "\($0)/.cache" } ?? "/var/tmp"
        return "\(base)/martlet/demo"
    }()

    /// Nobody waits long for a network that is not there.
    private static let aptOptions = [
        "-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10", "-o", "Acquire::Retries=1",
    ]

    /// - Throws: ``DemoError/sourceFilesMissing(what:)`` when neither Debian nor this host has what is needed.
    func files() async throws -> SourceFiles {
        if let unpacked = Self.unpacked(in: cache) { return unpacked }
        do {
            try await fetch()
        } catch let error as CancellationError {
            throw error
        } catch {
            return try HostFiles.find()  // apt cannot be reached: the line that the demo prints says so.
        }
        return try Self.unpacked(in: cache) ?? HostFiles.find()
    }

    /// Downloads and unpacks aside, then renames: a folder with the final name is whole.
    private func fetch() async throws {
        let packages = ["busybox-static", try await kernelPackage()]
        let aside = "\(cache).\(UUID().uuidString.prefix(8))"
        try Folder.make("\(aside)/root")
        defer { try? FileManager.default.removeItem(atPath: aside) }  // Gone already when all went well.
        let apt = try SystemTool.packageManager.path()
        // apt-get leaves its downloads in the working folder.
        try await command.succeed(
            "/bin/sh",
            ["-c", "cd \"$0\" && exec \"$@\"", aside, apt, "-qq"] + Self.aptOptions + ["download"] + packages)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: aside)) ?? []  // None: the count is wrong.
        let archives = names.filter { $0.hasSuffix(".deb") }
        guard archives.count == packages.count else { throw DemoError.sourceFilesMissing(what: "Debian package") }
        let dpkg = try SystemTool.packageArchive.path()
        for archive in archives {
            try await command.succeed(dpkg, ["-x", "\(aside)/\(archive)", "\(aside)/root"])
            try Folder.remove("\(aside)/\(archive)")
        }
        try Folder.make(cache)
        try Folder.remove("\(cache)/root")
        try FileManager.default.moveItem(atPath: "\(aside)/root", toPath: "\(cache)/root")
    }

    /// The package that the cloud kernel's meta package depends on.
    private func kernelPackage() async throws -> String {
        let meta = "linux-image-cloud-\(HostArchitecture.debianName)"
        let text = try await command.succeed(SystemTool.packageQuery.path(), ["depends", meta])
        let words = text.split { $0.isWhitespace }.map(String.init)
        guard let package = words.first(where: { $0.hasPrefix("linux-image-") && $0 != meta }) else {
            throw DemoError.sourceFilesMissing(what: "kernel package")
        }
        return package
    }

    /// What an earlier run left in the cache, if it is whole.
    private static func unpacked(in cache: String) -> SourceFiles? {
        let manager = FileManager.default
        let root = "\(cache)/root"
        let busybox = ["\(root)/bin/busybox", "\(root)/usr/bin/busybox"].first { manager.isExecutableFile(atPath: $0) }
        let names = (try? manager.contentsOfDirectory(atPath: "\(root)/boot")) ?? []  // No cache yet.
        guard let busybox, let kernel = names.first(where: { $0.hasPrefix("vmlinuz-") }) else { return nil }
        let release = String(kernel.dropFirst("vmlinuz-".count))
        let modules = ["\(root)/lib/modules/\(release)/kernel", "\(root)/usr/lib/modules/\(release)/kernel"]
        guard let moduleRoot = modules.first(where: { manager.fileExists(atPath: $0) }) else { return nil }
        var programs: [String: SourceFiles.Program] = ["busybox": .file(busybox)]
        for name in ["sh", "sha256sum", "httpd", "head", "grep", "cat"] { programs[name] = .link(to: "busybox") }
        return SourceFiles(
            programs: programs, moduleRoot: moduleRoot, kernel: "\(root)/boot/\(kernel)",
            origin: "Debian’s busybox-static and Linux \(release)")
    }
}

/// The architecture that this program was built for.
enum HostArchitecture {
    #if arch(arm64)
        static let model = Architecture.arm64
    #else
        static let model = Architecture.amd64
    #endif

    static var debianName: String { model.name }
}
