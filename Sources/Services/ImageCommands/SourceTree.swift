internal import FoundationEssentials
internal import Glibc
internal import ImageBuilder

/// Finds what an image is made from: beside the running program, in a checkout or where packages put it.
enum SourceTree {
    /// The definition that comes with Martlet.
    static func definition() throws -> String { try find("martlet-os.toml") }

    /// The first program of the initial RAM disk: the one beside the definition, if it has one, else ours.
    static func initProgram(besideDefinition definition: String?) throws -> String {
        if let definition {
            let folder = definition.lastIndex(of: "/").map { String(definition[..<$0]) } ?? "."
            let own = "\(folder)/initramfs/init"
            if FileManager.default.fileExists(atPath: own) { return own }
        }
        return try find("initramfs/init")
    }

    /// The folder of the running program.
    static func programs() throws -> String {
        guard let path = unsafe realpath("/proc/self/exe", nil) else {
            throw ImageError.file(path: "/proc/self/exe", reason: "it cannot be read")
        }
        defer { unsafe free(path) }
        let program = unsafe String(cString: path)
        return program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "/"
    }

    /// A checkout has its programs in `.build/…/release`, and `images` at its top.
    private static func find(_ name: String) throws -> String {
        var folder = try programs()
        var candidates = ["/usr/share/martlet/images", "/usr/local/share/martlet/images"]
        for _ in 0..<5 {
            candidates.insert("\(folder)/images", at: candidates.count - 2)
            folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
        }
        candidates.append("images")
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: "\($0)/\(name)") }) else {
            throw ImageError.file(path: "images/\(name)", reason: "it is not beside this program; give --definition")
        }
        return "\(found)/\(name)"
    }
}
