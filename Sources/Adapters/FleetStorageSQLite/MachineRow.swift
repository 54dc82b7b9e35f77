internal import FleetModel
internal import GRDB
internal import UpdateModel

// How a machine stands in its row: what names it, what changes often, and what indices are made of.
extension Machine {
    static let keyColumns = "application, id, first_seen_at"
    static let stateColumns = """
        grant_version, boot_id, alias, oem, address, booted_slot, architecture, track, last_seen_at, stage_since,
        granted_at, grant_boot, last_error, failures, engine, rollback, withheld, hold_until, settings, recent_boots,
        clone, grant_marks
        """
    static let stateColumnCount = 22
    static let indexedColumns = MachineIndexedColumn.allCases.map(\.rawValue).joined(separator: ", ")
    static let columns = "\(keyColumns), \(indexedColumns), \(stateColumns)"

    var keyValues: [(any DatabaseValueConvertible)?] {
        [application.canonical, id.rawValue, firstSeenAt.microseconds]
    }

    var stateValues: [(any DatabaseValueConvertible)?] {
        get throws {
            [
                grant?.version.text, bootID, alias, oem, address, bootedSlot?.rawValue, architecture?.name, track,
                lastSeenAt.microseconds, stageSince.microseconds, grant?.grantedAt.microseconds, grant?.installedInBoot,
                try lastError.map(jsonText), failures.isEmpty ? nil : try jsonText(failures),
                engine, try rollback.map(jsonText), withheld.isEmpty ? nil : try jsonText(withheld),
                holdUntil?.microseconds, settings.isEmpty ? nil : try jsonText(settings),
                recentBoots.isEmpty ? nil : recentBoots.joined(separator: "\n"), try clone.map(jsonText),
                grant?.marks,
            ]
        }
    }

    var indexedValues: [(any DatabaseValueConvertible)?] { MachineIndexedColumn.allCases.map { $0.value(of: self) } }

    init(reading row: inout RowReader) throws {
        let application = try row.application()
        let id: MachineID = try row.name()
        let firstSeenAt = try row.time()
        let group: GroupName? = try row.optionalName()
        self.init(
            application: application, id: id, track: "", group: group, version: try row.version(),
            firstSeenAt: firstSeenAt)
        stage = try row.word()
        let holdsPlace = try row.optionalInteger() == 1
        let grantStageSince = try row.optionalTime()
        hold = try row.optionalWord()
        let grantVersion = try row.optionalVersion()
        bootID = try row.optionalText()
        alias = try row.optionalText()
        oem = try row.optionalText()
        address = try row.optionalText()
        bootedSlot = try row.optionalWord()
        architecture = try row.optionalArchitecture()
        track = try row.text()
        lastSeenAt = try row.time()
        stageSince = try row.time()
        let grantedAt = try row.optionalTime()
        let grantBoot = try row.optionalText()
        if let grantVersion {
            var open = Grant(version: grantVersion, grantedAt: grantedAt ?? stageSince)
            open.holdsPlace = holdsPlace
            open.stageSince = grantStageSince ?? open.grantedAt
            open.installedInBoot = grantBoot
            grant = open
        }
        lastError = try row.optionalJSON()
        failures = try row.optionalJSON() ?? []
        engine = try row.optionalText()
        rollback = try row.optionalJSON()
        withheld = try row.optionalJSON() ?? []
        holdUntil = try row.optionalTime()
        settings = try row.optionalJSON() ?? MachineSettings()
        recentBoots = try row.optionalText()?.split(separator: "\n").map(String.init) ?? []
        clone = try row.optionalJSON()
        grant?.setMarks(try row.optionalInteger() ?? 0)
    }
}

/// The columns that indices are made of, in the order of their values.
///
/// `last_seen_at` and `clone` are not among them, because their indices have few rows: SQLite passes over an index that
/// has the row neither before nor after.
enum MachineIndexedColumn: String, CaseIterable {
    case group = "machine_group"
    case version
    case stage
    case holdsPlace = "grant_holds_place"
    case stageSince = "grant_stage_since"
    case hold

    func value(of machine: Machine) -> (any DatabaseValueConvertible)? {
        switch self {
        case .group: machine.group?.rawValue
        case .version: machine.version.text
        case .stage: machine.stage.rawValue
        case .holdsPlace: machine.grant.map { $0.holdsPlace ? 1 : 0 }
        case .stageSince: machine.grant?.stageSince.microseconds
        case .hold: machine.hold?.rawValue
        }
    }

    func differs(_ before: Machine, _ after: Machine) -> Bool {
        switch self {
        case .group: before.group != after.group
        case .version: before.version != after.version
        case .stage: before.stage != after.stage
        case .holdsPlace: before.grant?.holdsPlace != after.grant?.holdsPlace
        case .stageSince: before.grant?.stageSince != after.grant?.stageSince
        case .hold: before.hold != after.hold
        }
    }
}

extension Grant {
    /// `nil` where there is none, as for most.
    fileprivate var marks: Int? {
        let marks = (isCanary ? 1 : 0) + (wasLate ? 2 : 0) + (wasSilent ? 4 : 0)
        return marks == 0 ? nil : marks
    }

    fileprivate mutating func setMarks(_ marks: Int) {
        isCanary = marks & 1 != 0
        wasLate = marks & 2 != 0
        wasSilent = marks & 4 != 0
    }
}

extension MachineEvent {
    static let columns = """
        at, application, machine, machine_group, kind, type, result, code, version, previous_version, text
        """

    init(reading row: inout RowReader) throws {
        let number = Int64(try row.integer())
        self.init(
            number: number, at: try row.time(), application: try row.application(), machine: try row.name(),
            group: try row.optionalName(), kind: try row.word(), type: try row.optionalInteger(),
            result: try row.optionalInteger(), code: try row.optionalInteger().map(Int64.init),
            version: try row.optionalVersion(), previousVersion: try row.optionalText(), text: try row.text())
    }
}
