import FleetAPI
import FleetModel
import UpdateModel

/// Payloads that lie on other servers: where, and whether machines are sent there.
struct ElsewhereList {
    let payloads: ListPage<PayloadResource>
    let now: Timestamp

    init(_ payloads: ListPage<PayloadResource>, at now: Timestamp) {
        self.payloads = payloads
        self.now = now
    }

    var html: HTML {
        .fragment([
            .fragment(payloads.items.filter(Self.isLost).map(alarm)),
            .tag(.h3, "Payloads on other servers"),
            .tag(.ul, [.class("elsewhere")]) {
                for payload in payloads.items { for mirror in payload.mirrors ?? [] { item(payload, mirror) } }
                if payloads.total > payloads.items.count {
                    HTML.tag(.li, [.class("quiet")], "and \(payloads.total - payloads.items.count) more payloads")
                }
            },
        ])
    }

    private static func isLost(_ payload: PayloadResource) -> Bool {
        payload.mirrors?.allSatisfy { $0.trouble != nil } == true
    }

    private static func name(_ payload: PayloadResource) -> String {
        "\(payload.version) \(payload.architecture)" + (payload.source.map { " from \($0)" } ?? "")
    }

    private func alarm(_ payload: PayloadResource) -> HTML {
        .tag(.p, [.class("alarm")]) {
            HTML.tag(.strong, "The payload of \(Self.name(payload)) cannot be had. ")
            "It lies on other servers and is not what it was there; no machine is sent for it until it is."
        }
    }

    private func item(_ payload: PayloadResource, _ mirror: MirrorResource) -> HTML {
        .tag(.li) {
            badge(mirror)
            HTML.tag(.span, [.class("what")]) {
                HTML.tag(.strong, Self.name(payload))
                " · \(ByteCount.text(payload.size)) · "
                HTML.tag(.code, mirror.url.text)
                if let text = mirror.text {
                    HTML.tag(.span, [.class("why error")], " \(text)")
                    mirror.since.map { " (\(Words.ago($0, at: now)))" } ?? ""
                }
            }
        }
    }

    private func badge(_ mirror: MirrorResource) -> HTML {
        switch mirror.trouble {
        case nil: .tag(.span, [.class("badge good")], "offered")
        case .unavailable: .tag(.span, [.class("badge bad")], "not there")
        case .changed: .tag(.span, [.class("badge busy")], "changed")
        case .different: .tag(.span, [.class("badge bad")], "another file")
        }
    }
}
