public import UpdateModel

/// How a release may spread through a group.
public struct RolloutPolicy: Hashable, Sendable {
    /// Whether anything is offered at all.
    public var isEnabled: Bool
    /// How many machines of the group may be between offer and done at once; `nil` is no limit.
    public var maximumInProgress: Int?
    /// After this many failed machines the roll-out stops itself; `nil` never stops it.
    public var stopAfterFailures: Int?
    /// How long a machine may stay in one stage before its place goes to another machine.
    public var stageDeadlineSeconds: Int64
    /// Deadlines of single stages, in seconds; a stage without one has ``stageDeadlineSeconds``.
    public var stageDeadlines = PerStage()
    /// How many machines may be granted within an interval; `nil` is no limit.
    public var rate: GrantRate?
    /// How many bytes a second the group's grants may send to the source of payloads; `nil` is no limit.
    public var downloadBytesPerSecond: UInt64?
    /// Which share of the group may have the release by when; `nil` is everyone at once.
    public var ramp: Ramp?
    /// The machines that try the release first; `nil` needs no trial.
    public var canary: Canary?
    /// When offers may be made; empty is always.
    public var windows: [OfferWindow] = []
    /// The group that must be done first; `nil` waits for none.
    public var after: GroupOrder?
    /// What stops a roll-out beside ``stopAfterFailures``.
    public var brakes = Brakes()
    /// Whether machines get a delta from their exact release.
    public var deltas = DeltaPolicy.prefer
    /// What becomes of machines that are ahead of the channel.
    public var downgrade = DowngradePolicy.never
    /// Machines on older versions are offered nothing; `nil` takes all.
    public var minimumVersion: Version?

    /// Enabled, without limit, stopping at the third failed machine, one day for each stage.
    public static let standard = RolloutPolicy()

    public init(
        isEnabled: Bool = true, maximumInProgress: Int? = nil, stopAfterFailures: Int? = 3,
        stageDeadlineSeconds: Int64 = 86_400
    ) {
        self.isEnabled = isEnabled
        self.maximumInProgress = maximumInProgress
        self.stopAfterFailures = stopAfterFailures
        self.stageDeadlineSeconds = stageDeadlineSeconds
    }

    /// How long a machine may stay in `stage`.
    public func deadlineSeconds(of stage: MachineStage) -> Int64 {
        stageDeadlines[stage].map(Int64.init) ?? stageDeadlineSeconds
    }
}

extension RolloutPolicy: Codable {
    private enum CodingKeys: String, CodingKey {
        case isEnabled, maximumInProgress, stopAfterFailures, stageDeadlineSeconds, stageDeadlines, rate, ramp, canary
        case windows, after, brakes, deltas, downgrade, minimumVersion, downloadBytesPerSecond
    }

    /// What is missing has its default, so that a record of an older program can be read.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            isEnabled: try container.decodeIfPresent(Bool.self, forKey: .isEnabled) ?? true,
            maximumInProgress: try container.decodeIfPresent(Int.self, forKey: .maximumInProgress),
            stopAfterFailures: try container.decodeIfPresent(Int.self, forKey: .stopAfterFailures),
            stageDeadlineSeconds: try container.decodeIfPresent(Int64.self, forKey: .stageDeadlineSeconds) ?? 86_400)
        stageDeadlines = try container.decodeIfPresent(PerStage.self, forKey: .stageDeadlines) ?? PerStage()
        rate = try container.decodeIfPresent(GrantRate.self, forKey: .rate)
        ramp = try container.decodeIfPresent(Ramp.self, forKey: .ramp)
        canary = try container.decodeIfPresent(Canary.self, forKey: .canary)
        windows = try container.decodeIfPresent([OfferWindow].self, forKey: .windows) ?? []
        after = try container.decodeIfPresent(GroupOrder.self, forKey: .after)
        brakes = try container.decodeIfPresent(Brakes.self, forKey: .brakes) ?? Brakes()
        deltas = try container.decodeIfPresent(DeltaPolicy.self, forKey: .deltas) ?? .prefer
        downgrade = try container.decodeIfPresent(DowngradePolicy.self, forKey: .downgrade) ?? .never
        minimumVersion = try container.decodeIfPresent(Version.self, forKey: .minimumVersion)
        downloadBytesPerSecond = try container.decodeIfPresent(UInt64.self, forKey: .downloadBytesPerSecond)
    }
}

/// Which of a release's payloads a machine gets.
public enum DeltaPolicy: String, CaseIterable, Hashable, Sendable, Codable {
    /// The delta from the release that the machine runs, where there is one; else the full payload.
    case prefer
    /// The delta, or nothing.
    case require
    /// The full payload.
    case never
}

/// What becomes of a machine that runs a newer version than its channel points at.
public enum DowngradePolicy: String, CaseIterable, Hashable, Sendable, Codable {
    /// It stays as it is, and is held.
    case never
    /// It is offered the channel's release as any other machine is. Updaters that judge for themselves what is older
    /// (`martletd` does) are offered it only where a person at the machine insists.
    case allow
}

/// A number for each stage that a machine passes on its way to a release.
public struct PerStage: Hashable, Sendable, Codable {
    public var offered: Int?
    public var downloading: Int?
    public var downloaded: Int?
    public var installed: Int?

    public static let stages: [MachineStage] = [.offered, .downloading, .downloaded, .installed]

    public init(offered: Int? = nil, downloading: Int? = nil, downloaded: Int? = nil, installed: Int? = nil) {
        self.offered = offered
        self.downloading = downloading
        self.downloaded = downloaded
        self.installed = installed
    }

    /// `nil` for stages that are not on the way.
    public subscript(stage: MachineStage) -> Int? {
        get {
            switch stage {
            case .offered: offered
            case .downloading: downloading
            case .downloaded: downloaded
            case .installed: installed
            case .registered, .held, .complete, .failed, .overdue: nil
            }
        }
        set {
            switch stage {
            case .offered: offered = newValue
            case .downloading: downloading = newValue
            case .downloaded: downloaded = newValue
            case .installed: installed = newValue
            case .registered, .held, .complete, .failed, .overdue: break
            }
        }
    }

    public var isEmpty: Bool { self == PerStage() }
}

/// At most so many grants within any interval of so many seconds.
public struct GrantRate: Hashable, Sendable, Codable {
    public var maximum: Int
    public var seconds: Int64

    public init(maximum: Int, seconds: Int64) {
        self.maximum = maximum
        self.seconds = seconds
    }
}

/// The machines that try a release before the others may have it.
public struct Canary: Hashable, Sendable, Codable {
    /// How many must come up on it; a smaller group needs all of its machines.
    public var size: Int
    /// How long the release must have run there before the others follow.
    public var soakSeconds: Int64
    /// Which machines may be taken; `nil` is any.
    public var labels: LabelQuery?

    public init(size: Int, soakSeconds: Int64, labels: LabelQuery? = nil) {
        self.size = size
        self.soakSeconds = soakSeconds
        self.labels = labels
    }
}

/// A group waits until another one is done with the same release, and has soaked.
public struct GroupOrder: Hashable, Sendable, Codable {
    public var group: GroupName
    /// The other group is done when this percentage of its machines runs the release.
    public var percent: Int
    /// How long it must have been done.
    public var soakSeconds: Int64

    public init(group: GroupName, percent: Int = 100, soakSeconds: Int64 = 0) {
        self.group = group
        self.percent = percent
        self.soakSeconds = soakSeconds
    }
}

/// What stops a roll-out by itself, beside a number of failed machines. `nil` never does.
public struct Brakes: Hashable, Sendable, Codable {
    /// Failed machines as a percentage of those that ended, done or failed.
    public var failurePercent: Int?
    /// The percentage means nothing before so many machines ended.
    public var failureSample: Int
    /// Machines whose time ran out in one stage.
    public var timeOuts: PerStage
    /// Machines that installed the release and were not heard of again.
    public var silent: Int?
    /// How long nothing must have been heard of a machine that installed the release.
    public var silenceSeconds: Int64

    public init(
        failurePercent: Int? = nil, failureSample: Int = 10, timeOuts: PerStage = PerStage(), silent: Int? = nil,
        silenceSeconds: Int64 = 21_600
    ) {
        self.failurePercent = failurePercent
        self.failureSample = failureSample
        self.timeOuts = timeOuts
        self.silent = silent
        self.silenceSeconds = silenceSeconds
    }
}

// In JSON what is left out has its default.
extension GroupOrder {
    private enum CodingKeys: String, CodingKey {
        case group, percent, soakSeconds
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            group: try container.decode(GroupName.self, forKey: .group),
            percent: try container.decodeIfPresent(Int.self, forKey: .percent) ?? 100,
            soakSeconds: try container.decodeIfPresent(Int64.self, forKey: .soakSeconds) ?? 0)
    }
}

extension Brakes {
    private enum CodingKeys: String, CodingKey {
        case failurePercent, failureSample, timeOuts, silent, silenceSeconds
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let standard = Brakes()
        self.init(
            failurePercent: try container.decodeIfPresent(Int.self, forKey: .failurePercent),
            failureSample: try container.decodeIfPresent(Int.self, forKey: .failureSample) ?? standard.failureSample,
            timeOuts: try container.decodeIfPresent(PerStage.self, forKey: .timeOuts) ?? standard.timeOuts,
            silent: try container.decodeIfPresent(Int.self, forKey: .silent),
            silenceSeconds: try container.decodeIfPresent(Int64.self, forKey: .silenceSeconds)
                ?? standard.silenceSeconds)
    }
}
