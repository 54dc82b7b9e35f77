internal import FleetModel
internal import PayloadStore
internal import UpdateModel

/// One copy of one payload that lies elsewhere, and what a look at it makes of it.
struct CopyElsewhere: Sendable {
    let payload: Payload
    let mirror: PayloadMirror

    var key: ProbeBook.Key { ProbeBook.Key(payload, mirror) }

    /// What the other server calls the file: its mark, and the size where that is not the payload's. Whatever that is,
    /// it is a name of the payload once it was said of the right bits: some servers say one thing when asked about a
    /// file and another when asked for it.
    ///
    /// It is empty for a file without a mark whose size is right or not told. A mark never ends in a space.
    func name(of file: RemoteFile) -> String {
        let mark = file.mark ?? ""
        return hasRightSize(file) ? mark : "\(file.size ?? 0) bytes \(mark)"
    }

    /// Also where no size is told.
    func hasRightSize(_ file: RemoteFile) -> Bool { file.size ?? payload.size == payload.size }

    /// Whether its name could not tell the right file from the one that is there.
    private var isNameless: Bool { mirror.trouble?.seen.map { $0.isEmpty || $0.hasSuffix(" ") } ?? true }

    /// For how many seconds it is not read again after it was; `nil` where there is nothing to be learned by reading.
    var readingInterval: Int64? {
        switch mirror.trouble?.kind {
        case .changed: ProbeBook.readingInterval
        case .different: isNameless ? ProbeBook.blindReadingInterval : nil
        case .unavailable, nil: nil
        }
    }
}

// The copy as it is from then on.
extension CopyElsewhere {
    /// After a probe that was answered: only names that the right bits had count as the payload. Every other is read.
    func judged(_ file: RemoteFile, at now: Timestamp) -> PayloadMirror {
        let name = name(of: file)
        switch mirror.trouble?.kind {
        case .changed: return mirror  // It is about to be read.
        case .different where mirror.trouble?.seen == name: return mirror
        case .unavailable where mirror.isKnown(as: name), nil where mirror.isKnown(as: name):
            var healed = mirror
            healed.trouble = nil
            return healed
        default:
            let text = "The file at \(mirror.url) was replaced, and is about to be read again."
            return troubled(.changed, text, at: now, seen: name)
        }
    }

    /// After nobody answered. What is known as another file, or not known to be the payload, stays so: it heals by its
    /// bits only, and not by what is said of it when it is back. Of what is unavailable the first reason stands,
    /// whatever comes after it.
    func unanswered(_ text: String, at now: Timestamp) -> PayloadMirror {
        mirror.trouble == nil ? troubled(.unavailable, text, at: now) : mirror
    }

    /// After it was read and was the payload.
    /// - Parameter names: what it is called now.
    func recognised(as names: [String]) -> PayloadMirror {
        var recognised = mirror
        recognised.trouble = nil
        let others = mirror.marks.filter { !names.contains($0) }
        recognised.marks = Array((names + others).prefix(PayloadMirror.marksMaximum))
        return recognised
    }

    /// After it was read and was another file. It keeps the name that it had when it was probed: reading tells others.
    func different(_ file: RemoteFile, at now: Timestamp) -> PayloadMirror {
        guard mirror.trouble?.kind != .different else { return mirror }
        let found = file.size.map { $0 == payload.size ? "other bits" : "\($0) bytes" } ?? "other bits"
        let text = "The file at \(mirror.url) has \(found), and is not the payload that was added."
        return troubled(.different, text, at: now, seen: mirror.trouble?.seen ?? name(of: file))
    }

    private func troubled(
        _ kind: MirrorTrouble.Kind, _ text: String, at now: Timestamp, seen: String? = nil
    ) -> PayloadMirror {
        var troubled = mirror
        let since = mirror.trouble?.since ?? now
        troubled.trouble = MirrorTrouble(kind: kind, since: since, text: text, seen: seen)
        return troubled
    }
}
