import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// How a release may spread through a group.
struct PolicyOptions: ParsableArguments {
    @Flag(help: "Offer updates.") var enabled = false
    @Flag(help: "Offer nothing.") var disabled = false

    @Option(help: "Machines that may update at once: a number, or none for no limit.", transform: Self.limit)
    var maxInProgress: LimitEdit?

    @Option(help: "Failed machines that stop a roll-out: a number, or none for never.", transform: Self.limit)
    var stopAfterFailures: LimitEdit?

    @Option(
        help: "How long a machine may stay in one stage before its place goes to another: 90s, 10m, 6h, 2d.",
        transform: PolicyParser.seconds)
    var stageDeadline: Int64?

    @Option(
        help: "The same for single stages: downloading=1h,installed=2d, or none.",
        transform: { try PolicyParser.edit($0) { try PolicyParser.stages($0) { Int(try PolicyParser.seconds($0)) } } })
    var stageDeadlines: FieldEdit<PerStage>?

    @Option(
        help: "Spread over a time: 6h, or steps such as 5%@0,25%@1h,100%@6h, or none for all at once.",
        transform: { try PolicyParser.edit($0, PolicyParser.ramp) })
    var ramp: FieldEdit<Ramp>?

    @Option(
        help: "Machines that may be offered it within a time: 50/10m, or none for any number.",
        transform: { try PolicyParser.edit($0, PolicyParser.rate) })
    var rate: FieldEdit<GrantRate>?

    @Option(
        help: "Bytes a second that grants may send to the source of payloads: 100MB/s, 12.5MiB/s, or none.",
        transform: { try PolicyParser.edit($0, PolicyParser.downloadRate) })
    var downloadRate: FieldEdit<UInt64>?

    @Option(
        help: "Machines that try it first and for how long: 5/2h, 5/2h/role=canary, or none.",
        transform: { try PolicyParser.edit($0, PolicyParser.canary) })
    var canary: FieldEdit<Canary>?

    @Option(
        name: .customLong("window"),
        help: "When offers are made: “mon-fri 22:00-06:00 Europe/Berlin”; may be repeated; none for always.",
        transform: PolicyParser.window)
    var windows: [FieldEdit<WindowText>] = []

    @Option(
        help: "The group that goes first, how much of it, how long it soaks: web/95%/2h, or none.",
        transform: { try PolicyParser.edit($0, PolicyParser.order) })
    var after: FieldEdit<GroupOrder>?

    @Option(
        help: "Deltas from the release that a machine runs: prefer them to full payloads, require them, or never.",
        transform: PolicyParser.deltas)
    var deltas: DeltaPolicy?

    @Option(
        help: "Machines that are ahead of the channel: never take them back, or allow it.",
        transform: PolicyParser.downgrade)
    var downgrade: DowngradePolicy?

    @Option(
        help: "Offer nothing to machines on versions older than this: 1.5.0, or none.",
        transform: { try PolicyParser.edit($0, Version.parse) })
    var minimum: FieldEdit<Version>?

    @OptionGroup var brakes: BrakeOptions

    func validate() throws {
        guard !(enabled && disabled) else { throw ValidationError("Give --enabled or --disabled, not both.") }
        guard windows.count <= 1 || !windows.contains(.unlimited) else {
            throw ValidationError("--window none goes with no other window.")
        }
    }

    var edit: PolicyEdit {
        var edit = PolicyEdit(
            enabled: enabled ? true : disabled ? false : nil, maxInProgress: maxInProgress,
            stopAfterFailures: stopAfterFailures, stageDeadlineSeconds: stageDeadline)
        edit.stageDeadlines = stageDeadlines
        edit.ramp = ramp
        edit.rate = rate
        edit.downloadRate = downloadRate
        edit.canary = canary
        edit.after = after
        edit.deltas = deltas
        edit.downgrade = downgrade
        edit.minimumVersion = minimum
        if !windows.isEmpty {
            edit.windows = windows == [.unlimited] ? .unlimited : .limit(windows.compactMap(\.value))
        }
        if brakes.edit != BrakesEdit() { edit.brakes = .limit(brakes.edit) }
        return edit
    }

    private static func limit(_ text: String) throws -> LimitEdit { try PolicyParser.edit(text, PolicyParser.number) }
}

/// What stops a roll-out, beside a number of failures.
struct BrakeOptions: ParsableArguments {
    @Option(
        help: "Percentage of the ended machines that failed, which stops: 5, or none.",
        transform: { try PolicyParser.edit($0, PolicyParser.number) })
    var stopAtFailurePercent: FieldEdit<Int>?

    @Option(help: "The percentage means nothing before so many machines ended.") var failureSample: Int?

    @Option(
        help: "Machines too slow in one stage that stop: downloading=5,installed=3, or none.",
        transform: { try PolicyParser.edit($0) { try PolicyParser.stages($0, PolicyParser.number) } })
    var stopAfterTimeOuts: FieldEdit<PerStage>?

    @Option(
        help: "Machines that installed it and were not heard of again, which stop: 2, or none.",
        transform: { try PolicyParser.edit($0, PolicyParser.number) })
    var stopAfterSilent: FieldEdit<Int>?

    @Option(help: "How long nothing must have been heard of them: 6h.", transform: PolicyParser.seconds)
    var silence: Int64?

    var edit: BrakesEdit {
        var edit = BrakesEdit()
        edit.failurePercent = stopAtFailurePercent
        edit.failureSample = failureSample
        edit.timeOuts = stopAfterTimeOuts
        edit.silent = stopAfterSilent
        edit.silenceSeconds = silence
        return edit
    }
}
