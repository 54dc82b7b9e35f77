/// One power-on of a machine, for those who look back.
package struct BootRecord: Hashable, Sendable {
    /// From 1.
    package let number: Int
    /// The file with the guest's console.
    package let serialLog: String
    /// From power-on until the agent in the guest answered; `nil` when it never did.
    package internal(set) var upAfter: Duration?
    /// From power-on until the end of the run; `nil` while it lasts.
    package internal(set) var endedAfter: Duration?
    package internal(set) var ending: MachineRun.Ending?
    /// Whether it was the watchdog that ended the run.
    package internal(set) var wasEndedByWatchdog = false

    init(number: Int, serialLog: String) {
        self.number = number
        self.serialLog = serialLog
    }
}

/// How long a machine may take.
package struct BootPatience: Hashable, Sendable {
    /// From power-on until the guest is up or has given up.
    package var boot: Duration
    /// Without a word on the console while the guest starts: the emulator is known to stall now and then.
    package var silence: Duration
    /// How many stalls are forgiven over the life of the machine.
    package var stallsMax: Int

    package init(boot: Duration, silence: Duration, stallsMax: Int = 1) {
        self.boot = boot
        self.silence = silence
        self.stallsMax = stallsMax
    }

    package static func usual(_ acceleration: Acceleration) -> BootPatience {
        switch acceleration {
        case .kvm: BootPatience(boot: .seconds(60), silence: .seconds(25))
        case .tcg: BootPatience(boot: .seconds(180), silence: .seconds(60))
        }
    }
}
