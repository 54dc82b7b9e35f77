import FoundationEssentials

/// The files of this host that images are made from where Debian's packages cannot be had.
package enum HostFiles {
    private static let librariesBytes: UInt64 = 20 << 20
    private static let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]

    package static func find() throws(DemoError) -> SourceFiles {
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
        var files = SourceFiles(
            programs: programs, moduleRoot: nil, kernel: kernel(),
            origin: "files of this host, because Debian’s packages could not be downloaded")
        files.libraries = libraries()
        return files
    }

    /// Shared libraries, until an image has the size of a small system.
    private static func libraries() -> [String] {
        let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"]
        var (chosen, sum): ([String], UInt64) = ([], 0)
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // Not on this host.
            for name in names.sorted() where name.contains(".so.") && sum < librariesBytes {
                let path = "\(folder)/\(name)"
                let size = Folder.size(path)
                guard !isLink(path), size < librariesBytes / 2 else { continue }
                chosen.append(path)
                sum += size
            }
        }
        return chosen
    }

    private static func isLink(_ path: String) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil  // An error says that it is none.
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
