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
    static let elsewhereCountMax = 10

    let presenter: Presenter

    func make() async throws(OperationError) -> FleetOverview {
        let (control, caller) = (presenter.control, presenter.caller)
        let applications = try await control.applications(PageRequest(limit: Self.applicationCountMax), by: caller)
        var parts: [ApplicationOverview] = []
        for application in applications.items { parts.append(try await overview(of: application)) }
        let machines = try await self.machines()
        let events = try await control.events(.init(), PageRequest(limit: Self.eventCountMax), by: caller)
        let clock = presenter.clock(try control.clockState(by: caller))
        var overview = FleetOverview(
            at: clock.now, serverVersion: ServerVersion.text, applications: parts,
            machines: machines,
            events: ListPage(items: events.items.map(presenter.event), total: events.total))
        overview.clock = clock.trusted ? nil : clock
        overview.admission = control.admissionAlarm.map {
            AdmissionResource(refusals: $0.refusals, since: $0.since, until: $0.until)
        }
        return overview
    }

    /// Those that need a person first, so that they are there however large the fleet is.
    private func machines() async throws(OperationError) -> ListPage<MachineResource> {
        let page = PageRequest(limit: Self.machineCountMax)
        let all = try await presenter.control.machines(.init(), page, by: presenter.caller)
        guard all.total > all.items.count else {
            return ListPage(items: all.items.map(presenter.machine), total: all.total)
        }
        var found: [Machine] = []
        for stage in [MachineStage.failed, .overdue, .held] where found.count < Self.machineCountMax {
            found += try await presenter.control.machines(.init(stage: stage), page, by: presenter.caller).items
        }
        let urgent: Set<MachineStage> = [.failed, .overdue, .held]
        let items = (found + all.items.filter { !urgent.contains($0.stage) }).prefix(Self.machineCountMax)
        return ListPage(items: items.map(presenter.machine), total: all.total)
    }

    private func overview(of application: Application) async throws(OperationError) -> ApplicationOverview {
        let (control, caller) = (presenter.control, presenter.caller)
        let page = PageRequest(limit: Self.groupCountMax)
        let channels = try await control.channels(of: application.id, page, by: caller)
        let groups = try await control.groups(of: application.id, page, by: caller)
        var items: [GroupResource] = []
        for group in groups.items { items.append(try await presenter.group(group)) }
        var shown: [ChannelResource] = []
        for channel in channels.items { shown.append(try await presenter.channelAlone(channel)) }
        let some = PageRequest(limit: Self.elsewhereCountMax)
        let elsewhere = try await control.payloadsElsewhere(of: application.id, some, by: caller)
        var part = ApplicationOverview(
            application: presenter.application(application), channels: shown, groups: items)
        if elsewhere.total > 0 {
            part.elsewhere = ListPage(items: elsewhere.items.map(presenter.payload), total: elsewhere.total)
        }
        return part
    }
}
