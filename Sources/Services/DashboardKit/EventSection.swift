import FleetAPI
import FleetModel
import UpdateModel

/// What happened last, newest first.
struct EventSection {
    let events: ListPage<EventResource>
    let names: MachineNames
    let now: Timestamp

    init(_ events: ListPage<EventResource>, _ names: MachineNames, at now: Timestamp) {
        self.events = events
        self.names = names
        self.now = now
    }

    var html: HTML {
        .tag(.section) {
            HTML.tag(.h2, "Last events")
            if events.items.isEmpty {
                HTML.tag(.p, [.class("quiet")], "Nothing has happened yet.")
            } else {
                HTML.tag(.ul, [.class("events")]) {
                    for event in events.items { item(event) }
                }
            }
        }
    }

    private func item(_ event: EventResource) -> HTML {
        .tag(.li) {
            HTML.tag(
                .time, [Attribute("datetime", event.at.rfc3339), Attribute("title", event.at.rfc3339)],
                Words.ago(event.at, at: now))
            HTML.tag(.span, [.class("badge \(Words.mood(event.kind))")], Words.name(event.kind))
            HTML.tag(.span, [.class("what")]) {
                HTML.tag(
                    .strong, [Attribute("title", event.machine.rawValue)], names.name(event.machine))
                if let explanation = event.error.flatMap(Words.explanation) {
                    HTML.tag(.span, [.class("why error")], " \(explanation)")
                }
                if let words = Words.ownWords(event.text, beside: event.error) { " \(words)" }
            }
        }
    }
}
