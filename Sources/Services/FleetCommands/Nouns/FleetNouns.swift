package import ArgumentParser

/// The commands that talk to a server, for the program's root command. The noun `payload` also has verbs that need no
/// server, so its verbs are given one by one.
package enum FleetNouns {
    package static let commands: [any ParsableCommand.Type] = [
        AppCommand.self, ReleaseCommand.self, ChannelCommand.self, GroupCommand.self, MachineCommand.self,
        EventCommand.self, TokenCommand.self, ClockCommand.self, FleetCommand.self,
    ]

    package static let payloadVerbs: [any ParsableCommand.Type] = [
        PayloadAdd.self, PayloadList.self, PayloadShow.self, PayloadDelete.self,
    ]
}
