/// Extension: something that an operator wants the one machine that asks to do, beside updating.
///
/// Sent with `noupdate`, again with every answer until the machine has said what became of it or shows it by its
/// version. A machine does each act once: it remembers the last ``id`` that it took up, across reboots.
public struct OmahaAct: Hashable, Sendable {
    /// What to do. A machine refuses an act that it does not know.
    public struct Name: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// Go back to the release in the other slot, and hold the one that runs.
        public static let rollback = Name(rawValue: "rollback")
        /// Give up the release that is staged in the other slot and not booted yet; it was withdrawn.
        public static let unstage = Name(rawValue: "unstage")
    }

    /// The longest ``id`` in bytes; an act with a longer one, or with none, counts as absent.
    public static let idByteCountMax = 64
    /// The longest ``text`` in bytes of UTF-8. Longer ones are cut when written and when read.
    public static let textByteCountMax = 1024

    public var name: Name
    /// Names this act among all that the machine was ever told; compared as it is, and sent back in
    /// ``OmahaEvent/actID``.
    public var id: String
    /// Why, in the operator's words.
    public var text: String?

    public init(_ name: Name, id: String, text: String? = nil) {
        self.name = name
        self.id = id
        self.text = text
    }
}

extension OmahaAct {
    /// Reads the attributes of an answer's `updatecheck`; `nil` where there is no act.
    init?(_ element: XMLElement) {
        guard let name = element.attribute("act"), !name.isEmpty, let id = Self.id(of: element) else { return nil }
        self.init(
            Name(rawValue: name), id: id,
            text: element.attribute("act_text")?.shortened(toBytes: Self.textByteCountMax))
    }

    /// The attribute `act_id`, of an answer's `updatecheck` and of a request's `event` alike.
    static func id(of element: XMLElement) -> String? {
        guard let id = element.attribute("act_id"), (1...idByteCountMax).contains(id.utf8.count) else { return nil }
        return id
    }
}

// What a machine answers to an act, named by what it means.
extension OmahaEvent {
    /// `40/1`: the act is taken up; the machine is about to reboot.
    public static func actBegun(_ id: String) -> OmahaEvent { about(id, .appCommandStarted, .success) }

    /// `41/1`: the act is done.
    public static func actDone(_ id: String) -> OmahaEvent { about(id, .appCommandEnded, .success) }

    /// `41/0`: the act is not done, or did not work out; `reason` is for the operator.
    public static func actRefused(_ id: String, reason: String) -> OmahaEvent {
        var event = about(id, .appCommandEnded, .error)
        event.reason = reason
        return event
    }

    private static func about(_ id: String, _ type: OmahaEventType, _ result: OmahaEventResult) -> OmahaEvent {
        var event = OmahaEvent(type, result)
        event.actID = id
        return event
    }
}
