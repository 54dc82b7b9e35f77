/// Enables units in a root, and makes sure that it did something: of a unit that nothing asks for systemctl only warns.
struct UnitSettings {
    /// The folder that becomes `/`.
    let root: String
    let runner: ToolRunner

    /// - Throws: ``ImageError/unitNotEnabled(unit:state:)`` for the first unit that would not start.
    func enable(_ units: [String]) async throws {
        guard !units.isEmpty else { return }
        try await runner.run(
            .chroot, [root, "systemctl", "enable", "--quiet"] + units, doing: "enabling units")
        let script = "for unit; do echo \"$unit $(systemctl --root=/ is-enabled \"$unit\" 2>/dev/null)\"; done"
        let listing = try await runner.run(
            .chroot, [root, "/bin/sh", "-c", script, "sh"] + units, doing: "looking whether units are enabled")
        let idle = UnitStates(listing: listing).idle(linked: try linkedUnits())
        if let unit = idle.first { throw ImageError.unitNotEnabled(unit: unit.name, state: unit.state) }
    }

    /// Units that another one's folder of links names: `multi-user.target.wants/NAME` and so on.
    private func linkedUnits() throws(ImageError) -> Set<String> {
        var found: Set<String> = []
        for folder in ["\(root)/etc/systemd/system", "\(root)/usr/lib/systemd/system"] where Files.exists(folder) {
            for path in try Files.tree(folder) {
                let parts = path.split(separator: "/")
                guard parts.count == 2, [".wants", ".requires", ".upholds"].contains(where: parts[0].hasSuffix)
                else { continue }
                found.insert(String(parts[1]))
            }
        }
        return found
    }
}

/// What `systemctl is-enabled` says of units.
package struct UnitStates: Hashable, Sendable {
    package struct Unit: Hashable, Sendable {
        package let name: String
        /// `enabled`, `static` and so on; empty for a unit that is not there.
        package let state: String

        package init(name: String, state: String) {
            self.name = name
            self.state = state
        }

        /// As links name it: what has no kind is a service.
        fileprivate var fullName: String { name.contains(".") ? name : name + ".service" }
    }

    private let units: [Unit]

    /// - Parameter listing: lines of a unit's name and its state.
    package init(listing: String) {
        units = listing.split(whereSeparator: \.isNewline).map { line in
            let words = line.split(separator: " ", maxSplits: 1)
            return Unit(name: String(words.first ?? ""), state: words.count == 2 ? String(words[1]) : "")
        }
    }

    /// Those that nothing starts. Units of some states start only where a link asks for them.
    package func idle(linked: Set<String>) -> [Unit] {
        units.filter { unit in
            switch unit.state {
            case "enabled", "enabled-runtime", "alias", "generated": false
            case "static", "indirect", "linked", "linked-runtime": !linked.contains(unit.fullName)
            default: true
            }
        }
    }
}
