import FleetAPI
import UpdateModel

/// What people call the machines on the page: the alias where a machine has one, else the start of its id.
struct MachineNames {
    private let aliases: [String: String]

    init(_ machines: [MachineResource]) {
        let pairs = machines.compactMap { machine in machine.alias.map { (machine.id.rawValue, Words.clipped($0)) } }
        aliases = Dictionary(pairs) { first, _ in first }
    }

    func name(_ id: MachineID) -> String { aliases[id.rawValue] ?? Words.short(id.rawValue) }

    /// `text` with the ids of machines that have an alias replaced by it.
    func applied(to text: String) -> String {
        // Ids are words of their own, so nothing else is replaced.
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        return words.map { aliases[String($0)] ?? String($0) }.joined(separator: " ")
    }
}
