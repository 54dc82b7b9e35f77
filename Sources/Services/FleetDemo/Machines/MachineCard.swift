package import UpdateModel

/// Who a machine of the demo is, and where its things lie.
package struct MachineCard: Hashable, Sendable {
    package let id: MachineID
    package let alias: String
    package let folder: String
    /// The daemon's control socket.
    package let socket: String

    package var disk: String { "\(folder)/disk.img" }
    package var bootFiles: String { "\(folder)/boot" }
    package var state: String { "\(folder)/state" }
    package var run: String { "\(folder)/run" }
    /// What is mounted now, as the machine's daemon sees it.
    package var root: String { "\(folder)/run/root" }
    /// The machine's own settings, which outlive reboots; laid into `root` at each boot.
    package var settings: String { "\(folder)/etc" }
    package var updateSettings: String { "\(settings)/flatcar/update.conf" }
    package var daemonSettings: String { "\(folder)/martletd.toml" }
    package var rebootRequest: String { "\(run)/reboot-requested" }
    package var log: String { "\(folder)/martletd.log" }

    /// Small birds; after the last one they are numbered.
    private static let birds = [
        "falcon", "heron", "kestrel", "linnet", "merlin", "osprey", "plover", "robin", "siskin", "tern", "wren",
        "avocet",
        "bunting", "curlew", "dunlin", "egret",
    ]

    package static func alias(_ index: Int) -> String {
        let round = index / birds.count
        return birds[index % birds.count] + (round == 0 ? "" : "-\(round + 1)")
    }

    /// A machine with an id of its own.
    package static func create(_ index: Int, paths: DemoPaths) throws(InvalidIdentifier) -> MachineCard {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let id = Hexadecimal.encode(bytes)
        return MachineCard(
            id: try MachineID(id), alias: alias(index), folder: "\(paths.machines)/\(id)",
            socket: "\(paths.sockets)/\(index)")
    }
}
