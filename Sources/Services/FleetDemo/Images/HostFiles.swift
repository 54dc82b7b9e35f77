import FoundationEssentials

/// The files of this host that images are made from where Debian's packages cannot be had.
enum HostFiles {
    private static let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]

    static func find() throws(DemoError) -> SourceFiles {
        var programs: [String: SourceFiles.Program] = [:]
        if let busybox = path(of: "busybox") {
            programs["busybox"] = .file(busybox)
            for name in ["sh", "sha256sum", "head", "grep", "cat"] { programs[name] = .link(to: "busybox") }
        } else {
            for name in ["sh", "sha256sum", "head", "grep", "cat"] {
                guard let file = path(of: name) else { throw .sourceFilesMissing(what: "program “\(name)”") }
                programs[name] = .file(file)
            }
        }
        // Something of the size of a system: whatever large programs there are.
        for name in ["perl", "openssl", "git", "gdb", "python3.11", "ssh", "gpg", "bash"] {
            if let file = path(of: name) { programs[name] = .file(file) }
        }
        return SourceFiles(
            programs: programs, moduleRoot: nil, kernel: kernel(),
            origin: "files of this host, because Debian’s packages could not be downloaded")
    }

    private static func path(of name: String) -> String? {
        folders.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
            .map { URL(filePath: $0).resolvingSymlinksInPath().path }
    }

    private static func kernel() -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/boot")) ?? []  // A container has none.
        return names.sorted().last {
            $0.hasPrefix("vmlinuz-") && FileManager.default.isReadableFile(atPath: "/boot/\($0)")
        }
        .map { "/boot/\($0)" }
    }
}
