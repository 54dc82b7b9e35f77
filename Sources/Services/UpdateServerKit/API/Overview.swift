import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage

/// Gathers what the page shows, in pieces of bounded size whatever the fleet's.
struct Overview {
    static let applicationCountMax = 20
    static let groupCountMax = 50
    static let machineCountMax = 100
    static let eventCountMax = 30

    let presenter: Presenter
    var time: any TimeSource = SystemTime()

    func make() async throws(OperationError) -> FleetOverview {
        let (control, caller) = (presenter.control, presenter.caller)
        let applications = try await control.applications(PageRequest(limit: Self.applicationCountMax), by: caller)
        var parts: [ApplicationOverview] = []
        for application in applications.items { parts.append(try await overview(of: application)) }
        let machines = try await control.machines(.init(), PageRequest(limit: Self.machineCountMax), by: caller)
        let events = try await control.events(.init(), PageRequest(limit: Self.eventCountMax), by: caller)
        return FleetOverview(
            at: time.now(), serverVersion: ServerVersion.text, applications: parts,
            machines: ListPage(items: machines.items.map(presenter.machine), total: machines.total),
            events: ListPage(items: events.items.map(presenter.event), total: events.total))
    }

    private func overview(of application: Application) async throws(OperationError) -> ApplicationOverview {
        let (control, caller) = (presenter.control, presenter.caller)
        let page = PageRequest(limit: Self.groupCountMax)
        let channels = try await control.channels(of: application.id, page, by: caller)
        let groups = try await control.groups(of: application.id, page, by: caller)
        var items: [GroupResource] = []
        for group in groups.items { items.append(try await presenter.group(group)) }
        return ApplicationOverview(
            application: presenter.application(application), channels: channels.items.map(presenter.channel),
            groups: items)
    }
}
