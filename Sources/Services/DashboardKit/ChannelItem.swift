import FleetAPI
import FleetModel
import UpdateModel

/// One channel: where it points, whom it follows, and what waits for a second person.
struct ChannelItem {
    let channel: ChannelResource
    let now: Timestamp

    init(_ channel: ChannelResource, at now: Timestamp) {
        self.channel = channel
        self.now = now
    }

    var html: HTML {
        .tag(.li) {
            HTML.tag(.span, [.class("name")], channel.name.rawValue)
            HTML.tag(
                .span, [.class(channel.version == nil ? "version none" : "version")],
                channel.version?.text ?? "no release")
            if let request = channel.request { wait(request) }
            if let follow = channel.follows { following(follow) }
            if channel.secondPerson == true, channel.request == nil {
                HTML.tag(.p, [.class("why")], "Moved by two people: one asks, another approves.")
            }
        }
    }

    private func wait(_ request: MoveRequestResource) -> HTML {
        .fragment([
            .tag(.span, [.class("badge busy")], "waits for a second person"),
            .tag(.p, [.class("why")]) {
                HTML.tag(.strong, "\(request.version)")
                request.promotedFrom.map { ", proven by \($0)," } ?? ""
                " asked for by \(request.by), \(Words.ago(request.at, at: now))"
                request.reason.map { ": \($0)" } ?? "."
            },
        ])
    }

    private func following(_ follow: ChannelFollow) -> HTML {
        .tag(.p, [.class("why")]) {
            "Follows \(follow.channel)"
            follow.soakSeconds > 0 ? " after \(SpanText.text(follow.soakSeconds))" : ""
            follow.machines > 1 ? ", once \(follow.machines) machines run it" : ""
            if let standing = channel.following {
                ". \(standing.text)"
                standing.until.map { " Its time comes \(Words.ahead($0, at: now))." } ?? ""
            } else {
                "."
            }
        }
    }
}
