import UpdateModel

/// The settings of a machine's daemon: everything as on a real machine, only faster.
struct MachineSettings: Sendable {
    var server: String
    var keys: String
    /// So slow that a person can watch it.
    var bytesPerSecond: UInt64

    /// The text of `martletd.toml` for one machine.
    func text(_ card: MachineCard) -> String {
        """
        [server]
        url = "\(server)/v1/update/"
        track = "stable"

        [machine]
        root = "\(card.root)"
        alias = "\(card.alias)"

        [slots]
        control = "gpt"
        disk = "\(card.disk)"
        kernel-directory = "\(card.bootFiles)"
        booted = "auto"
        tries = 1

        [keys]
        directory = "\(keys)"

        [state]
        directory = "\(card.state)"

        [control]
        socket = "\(card.socket)"

        [schedule]
        initial-delay = 0.4
        interval = 1.0
        jitter = 0.4
        interval-max = 4

        [download]
        bytes-per-second = \(bytesPerSecond)
        stall-seconds = 20
        attempts = 5

        [health]
        directory = "\(card.root)/usr/\(ImageTexts.healthFolder)"
        time-limit = 20
        settle = 0.3

        [reboot]
        strategy = "reboot"
        command = ["/usr/bin/touch", "\(card.rebootRequest)"]

        """
    }

    /// The text of `update.conf` for a machine that follows `group`, or the stable one when it does not say.
    static func updateText(group: String?) -> String {
        "# Settings of this machine; they win over martletd.toml.\n" + (group.map { "GROUP=\($0)\n" } ?? "")
    }
}
