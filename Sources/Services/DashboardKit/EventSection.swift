import FleetAPI
import FleetModel
import UpdateModel

/// What happened last, newest first.
struct EventSection {
    let events: ListPage<EventResource>
    let now: Timestamp

    init(_ events: ListPage<EventResource>, at now: Timestamp) {
        self.events = events
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
            HTML.tag(.span, [.class("badge \(Words.mood(event.kind))")], event.kind.rawValue)
            HTML.tag(.span, [.class("what")]) {
                HTML.tag(
                    .span, [.class("id"), Attribute("title", event.machine.rawValue)], Words.short(event.machine.rawValue))
                " \(event.text)"
                if let error = event.error, let meaning = error.meaning {
                    HTML.tag(.span, [.class("why error")], " \(meaning)")
                }
            }
        }
    }
}
