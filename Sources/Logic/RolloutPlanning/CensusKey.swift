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

    package let dimension: Dimension
    package let application: ApplicationID
    package let group: GroupName
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
        let (lost, gained) = (keys(of: before), keys(of: after))
        var changes: [CensusKey: Int] = [:]
        // A machine has each key once, and keeps most of them: comparing the few is cheaper than hashing them all.
        for key in lost where !gained.contains(key) { changes[key] = -1 }
        for key in gained where !lost.contains(key) { changes[key] = 1 }
        return changes
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
