import ContentTrust
import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
import Hummingbird
import UpdateModel

/// Names one state of what people edit, so that two who edit at once do not overwrite each other.
///
/// It is made of a group's or a channel's own fields and leaves out the counters that an answer also shows: those change
/// with every check-in, and no edit is about them. Nothing is cached by it (answers are `no-store`).
///
/// Source: RFC 9110, sections 8.8.3 and 13.1.1.
struct EntityTag: Hashable {
    /// With its quotes.
    let text: String

    init(_ group: FleetModel.Group) { self.init(fields: group) }

    init(_ channel: FleetModel.Channel) { self.init(fields: channel) }

    /// Of what operators set for the machine; what it reports changes all the time.
    init(_ settings: MachineSettings) { self.init(fields: settings) }

    init(_ sight: RolloutSight) { self.init(fields: sight) }

    private init(fields: some Encodable) {
        // Values of the model always become JSON, in one way alone: its keys are sorted.
        let bytes = (try? APIJSON.encode(fields)).map(Array.init) ?? []
        text = "\"\(StreamDigest.digest(of: bytes).hexadecimal.prefix(32))\""
    }

    /// Whether the value of `If-Match` names this state. Weak tags never do.
    func isNamed(by list: String) -> Bool {
        list == "*" || list.split(separator: ",").contains { $0.drop { $0 == " " }.prefix { $0 != " " } == text }
    }
}

extension APIRoutes {
    /// The group as it is, where the request is only about what it saw; `nil` where it has no condition.
    /// - Throws: ``FleetOperations/OperationError/changed(_:_:)`` where the condition does not hold.
    func seenGroup(_ request: APIRequest, _ application: ApplicationID) async throws -> FleetModel.Group? {
        guard let condition = request.request.headers[.ifMatch] else { return nil }
        let group = try await control.group(request.identifier("group"), of: application, by: request.caller)
        guard EntityTag(group).isNamed(by: condition) else { throw OperationError.changed(.group, group.name.rawValue) }
        return group
    }

    /// The same of a machine's settings.
    func seenSettings(_ request: APIRequest, _ application: ApplicationID) async throws -> MachineSettings? {
        guard let condition = request.request.headers[.ifMatch] else { return nil }
        let machine = try await control.machine(request.identifier("machine"), of: application, by: request.caller)
        guard EntityTag(machine.settings).isNamed(by: condition) else {
            throw OperationError.changed(.machine, machine.id.rawValue)
        }
        return machine.settings
    }

    /// The same of a group's roll-out, for acts on that.
    func seenRollout(_ request: APIRequest, _ application: ApplicationID, _ name: GroupName) async throws -> RolloutSight?
    {
        guard let condition = request.request.headers[.ifMatch] else { return nil }
        let group = try await control.group(name, of: application, by: request.caller)
        guard let sight = try await control.rolloutSight(of: group, by: request.caller),
            EntityTag(sight).isNamed(by: condition)
        else { throw OperationError.changed(.rollout, name.rawValue) }
        return sight
    }

    /// The same of a channel. A channel that is not there has no state that could be named.
    func seenChannel(_ request: APIRequest, _ application: ApplicationID) async throws -> FleetModel.Channel? {
        guard let condition = request.request.headers[.ifMatch] else { return nil }
        let name: ChannelName = try request.identifier("channel")
        do {
            let channel = try await control.channel(name, of: application, by: request.caller)
            guard EntityTag(channel).isNamed(by: condition) else { throw OperationError.changed(.channel, name.rawValue) }
            return channel
        } catch OperationError.notFound {
            throw OperationError.changed(.channel, name.rawValue)
        }
    }
}
