/// Which part of a list is wanted.
public struct PageRequest: Hashable, Sendable {
    /// At most this many items: 1 to ``limitMaximum``.
    public let limit: Int
    /// Items to skip.
    public let offset: Int

    public static let limitMaximum = 1000

    public static let first = PageRequest()

    /// Values out of range are moved to the nearest in range.
    public init(limit: Int = 100, offset: Int = 0) {
        self.limit = min(max(limit, 1), Self.limitMaximum)
        self.offset = max(offset, 0)
    }
}

/// Part of a list, and how long the whole list is.
public struct Page<Item: Sendable>: Sendable {
    public let items: [Item]
    public let total: Int

    public init(items: [Item], total: Int) {
        self.items = items
        self.total = total
    }
}

extension Page: Equatable where Item: Equatable {}

/// How many machines a group has, by version, stage and hold: kept as things happen, never by scanning.
public struct GroupCensus: Hashable, Sendable {
    public var total = 0
    /// The most common ones, at most ``versionsMaximum``: machines can say whatever they like.
    public var versions: [String: Int] = [:]
    public var stages: [MachineStage: Int] = [:]
    public var holds: [HoldReason: Int] = [:]
    /// Machines whose id several seem to share.
    public var clones = 0

    public static let versionsMaximum = 200

    public init() {}
}
