/// One of the two system partitions; *active* is the one running, *passive* the other.
public enum Slot: String, CaseIterable, Hashable, Sendable, Codable, CustomStringConvertible {
    case a
    case b

    public var other: Slot { self == .a ? .b : .a }

    /// Lower-case letter, as in file names: `a` or `b`.
    public var description: String { rawValue }
}
