internal import Glibc

/// Paths of an image that belong to the build: it writes them from other keys of the definition, and a file of the
/// operator's there would contradict those, or make every machine the same one.
///
/// Everything else that the build writes (`/etc/issue`, `/etc/hostname`, `/etc/resolv.conf`) is only a suggestion: an
/// operator's file takes its place.
struct ReservedPaths {
    private let reasons: [String: String]

    init(_ definition: ImageDefinition) throws(ImageError) {
        let identity = "it says who the release is, by name, title and version"
        var reasons = [
            "/usr/lib/os-release": identity, "/etc/os-release": identity,
            "/etc/machine-id": "a machine makes its own at its first boot",
        ]
        for name in try BuildInputs.keyNames(definition.keys) {
            reasons["/etc/martlet/keys/\(name)"] = "that is a key given by --key"
        }
        if definition.server != nil || definition.track != nil {
            reasons["/usr/share/flatcar/update.conf"] = "update.server and update.track say it already"
        }
        if !definition.limits.lines.isEmpty { reasons["/etc/martlet/limits.env"] = "limits say it already" }
        if !definition.users.isEmpty { reasons["/usr/lib/tmpfiles.d/martlet-users.conf"] = "users say it already" }
        for dropIn in definition.dropIns { reasons[dropIn.path] = "units.drop-ins say it already" }
        for unit in definition.maskedUnits { reasons["/etc/systemd/system/\(unit)"] = "units.mask says it already" }
        self.reasons = reasons
    }

    /// - Throws: ``ImageError/reserved(path:source:reason:)``.
    func check(_ files: [ImageDefinition.File]) throws(ImageError) {
        for file in files {
            switch file.content {
            case .text: try check(file.path, source: "The content of files.path = \(file.path)")
            case .source(let source) where Files.kindFollowingLinks(source) == S_IFDIR:
                for name in try Files.tree(source) { try check("\(file.path)/\(name)", source: "\(source)/\(name)") }
            case .source(let source): try check(file.path, source: source)
            }
        }
    }

    private func check(_ path: String, source: String) throws(ImageError) {
        let path = Self.normal(path)
        if let reason = reasons[path] { throw .reserved(path: path, source: source, reason: reason) }
    }

    /// Without empty parts and dots, and with Debian's links at the top followed.
    private static func normal(_ path: String) -> String {
        var parts = path.split(separator: "/").filter { $0 != "." }
        if let first = parts.first, ["bin", "lib", "lib32", "lib64", "libx32", "sbin"].contains(first) {
            parts.insert("usr", at: 0)
        }
        return "/" + parts.joined(separator: "/")
    }
}
