package import FleetModel
package import UpdateModel

/// One counter of a group's census.
package struct CensusKey: Hashable, Sendable {
    package enum Dimension: String, CaseIterable, Hashable, Sendable {
        case total, version, stage, hold
        /// Machines that hold a place.
        case place
        /// Machines whose id several seem to share.
        case clone
    }

    package let application: ApplicationID
    package let group: GroupName
    package let dimension: Dimension
    /// The version, the stage's or the hold's name; empty for `total`, `place` and `clone`.
    package let value: String

    package init(application: ApplicationID, group: GroupName, dimension: Dimension, value: String = "") {
        self.application = application
        self.group = group
        self.dimension = dimension
        self.value = value
    }

    /// Which counters go up and down when a machine changes; `nil` stands for a machine that is not there.
    package static func changes(from before: Machine?, to after: Machine?) -> [CensusKey: Int] {
        var changes: [CensusKey: Int] = [:]
        for key in keys(of: before) { changes[key, default: 0] -= 1 }
        for key in keys(of: after) { changes[key, default: 0] += 1 }
        return changes.filter { $0.value != 0 }
    }

    private static func keys(of machine: Machine?) -> [CensusKey] {
        guard let machine, let group = machine.group else { return [] }
        func key(_ dimension: Dimension, _ value: String = "") -> CensusKey {
            CensusKey(application: machine.application, group: group, dimension: dimension, value: value)
        }
        var keys = [key(.total), key(.version, machine.version.text), key(.stage, machine.stage.rawValue)]
        if let hold = machine.hold { keys.append(key(.hold, hold.name)) }
        if machine.grant?.holdsPlace == true { keys.append(key(.place)) }
        if machine.clone != nil { keys.append(key(.clone)) }
        return keys
    }
}

extension GroupCensus {
    /// Adds one counter as it was kept. Names that this program does not know are left out.
    package mutating func add(_ dimension: CensusKey.Dimension, _ value: String, count: Int) {
        switch dimension {
        case .total: total += count
        case .version: versions[value, default: 0] += count
        case .stage: if let stage = MachineStage(rawValue: value) { stages[stage, default: 0] += count }
        case .hold: if let hold = HoldReason(rawValue: value) { holds[hold, default: 0] += count }
        case .clone: clones += count
        case .place: break
        }
    }
}
