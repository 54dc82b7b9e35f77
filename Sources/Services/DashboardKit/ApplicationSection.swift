import FleetAPI
import FleetModel
import UpdateModel

/// One application: its channels and its groups.
struct ApplicationSection {
    let part: ApplicationOverview
    let names: MachineNames
    let now: Timestamp

    init(_ part: ApplicationOverview, _ names: MachineNames, at now: Timestamp) {
        self.part = part
        self.names = names
        self.now = now
    }

    var html: HTML {
        .tag(.section) {
            HTML.tag(.h2) {
                part.application.name
                HTML.tag(.span, [.class("id")], part.application.id.text)
            }
            HTML.tag(.ul, [.class("channels")]) {
                for channel in part.channels { ChannelItem(channel, at: now).html }
                if part.channels.isEmpty { HTML.tag(.li, [.class("quiet")], "No channels yet.") }
            }
            if let elsewhere = part.elsewhere { ElsewhereList(elsewhere, at: now).html }
            if part.groups.isEmpty {
                HTML.tag(.p, [.class("quiet")], "No groups yet.")
            }
            HTML.tag(.div, [.class("cards")]) {
                for group in part.groups { GroupCard(group, names, at: now).html }
            }
        }
    }
}
