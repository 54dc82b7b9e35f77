import ContentTrust
package import FleetAPI
import FleetModel
import FoundationEssentials
import UpdateModel

/// The page at the server's root: channels, groups, machines and the last events, drawn from one
/// ``FleetAPI/FleetOverview``.
///
/// It only shows. It needs no script, no picture and no other file, and asks for itself again every few seconds.
package struct DashboardPage {
    static let refreshSeconds = 3

    let overview: FleetOverview

    package init(_ overview: FleetOverview) { self.overview = overview }

    /// The whole document.
    package var markup: String {
        "<!DOCTYPE html>\n" + document.markup + "\n"
    }

    /// Allows our one style sheet, by its digest, and nothing else.
    package static let contentSecurityPolicy: String = {
        let digest = StreamDigest.digest(of: Array("\(StyleSheet.text)".utf8))
        let source = "'sha256-\(Data(digest.bytes).base64EncodedString())'"
        return "default-src 'none'; style-src \(source); img-src data:; base-uri 'none'; form-action 'none'; "
            + "frame-ancestors 'none'"
    }()

    private var names: MachineNames { MachineNames(overview.machines.items) }

    private var document: HTML {
        .tag(.html, [Attribute("lang", "en")]) {
            HTML.tag(.head) {
                HTML.tag(.meta, [Attribute("charset", "utf-8")])
                HTML.tag(
                    .meta, [Attribute("name", "viewport"), Attribute("content", "width=device-width, initial-scale=1")])
                HTML.tag(.meta, [Attribute("http-equiv", "refresh"), Attribute("content", "\(Self.refreshSeconds)")])
                HTML.tag(.meta, [Attribute("name", "color-scheme"), Attribute("content", "light dark")])
                HTML.tag(.title, "Martlet")
                HTML.tag(.link, [Attribute("rel", "icon"), Attribute("href", Self.icon)])
                HTML.stylesheet(StyleSheet.text)
            }
            HTML.tag(.body) {
                header
                HTML.tag(.main) {
                    if let clock = overview.clock { clockAlarm(clock) }
                    if let admission = overview.admission { admissionAlarm(admission) }
                    if overview.applications.isEmpty { nothingYet }
                    for part in overview.applications { ApplicationSection(part, names, at: overview.at).html }
                    MachineSection(overview.machines, at: overview.at).html
                    EventSection(overview.events, names, at: overview.at).html
                }
                footer
            }
        }
    }

    private var header: HTML {
        .tag(.header) {
            HTML.tag(.h1, "Martlet")
            HTML.tag(.p, [.class("quiet")]) {
                HTML.tag(.strong, Words.count(overview.machines.total, "machine"))
                " known"
            }
        }
    }

    private func clockAlarm(_ clock: ClockResource) -> HTML {
        .tag(.p, [.class("alarm")]) {
            HTML.tag(.strong, "The server's clock jumped by \(clock.jumpSeconds ?? 0) s. ")
            "Nothing is offered and nothing expires until it is right again, or until "
            HTML.tag(.code, "martlet clock accept")
        }
    }

    private func admissionAlarm(_ admission: AdmissionResource) -> HTML {
        .tag(.p, [.class("alarm")]) {
            HTML.tag(.strong, "More new machines come than are taken in. ")
            "\(Words.count(admission.refusals, "check")) turned away, until \(admission.until). "
            HTML.tag(.code, "martlet-server serve --admit")
            " sets how many an hour."
        }
    }

    private var nothingYet: HTML {
        .tag(.section) {
            HTML.tag(.h2, "Nothing here yet")
            HTML.tag(.p) {
                "Create an application to begin: "
                HTML.tag(.code, "martlet app create --id ID --name NAME")
            }
        }
    }

    private var footer: HTML {
        .tag(.footer) {
            "martlet-server \(overview.serverVersion) · as of "
            HTML.tag(.time, [Attribute("datetime", overview.at.rfc3339)], overview.at.rfc3339)
            " · the same data as JSON: "
            HTML.tag(.code, "/api/v1/overview")
        }
    }

    /// A small swallow-tailed shape.
    private static let icon =
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
        + "%3Cpath fill='%232f6f9f' d='M1 3c4 0 6 1 7 4 1-3 3-4 7-4-2 1-3 3-4 6l2 5-4-3-1-3-1 3-4 3 2-5C4 6 3 4 1 3z'/"
        + "%3E"
        + "%3C/svg%3E"
}
