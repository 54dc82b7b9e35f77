import FleetDemo
import FoundationEssentials

/// A few small programs of this host, enough for an image that boots in the demo's sense.
func tinySource() throws -> SourceFiles {
    var programs: [String: SourceFiles.Program] = [:]
    for name in ["sh", "sha256sum", "head", "grep", "cat"] {
        let candidates = ["/usr/bin/\(name)", "/bin/\(name)"]
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw DemoError.sourceFilesMissing(what: name)
        }
        programs[name] = .file(URL(filePath: path).resolvingSymlinksInPath().path)
    }
    return SourceFiles(programs: programs, moduleRoot: nil, kernel: nil, origin: "this host")
}

/// Images need the tools of e2fsprogs.
let hasFileSystemTools = ["/usr/sbin/mke2fs", "/sbin/mke2fs"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
}
