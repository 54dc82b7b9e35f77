/// What a ``FaultProxy`` pretends to be: a file server with a state of mind.
struct FaultServer: Sendable {
    /// Serves the other file.
    private(set) var isOther = false
    private var tag = "\"one\""
    private var honoursCondition = true
    /// Where the file ends now.
    private var length: Length?

    private struct Length {
        var bytes: Int
        var isTold: Bool
    }

    struct Answer: Sendable {
        var status = 200
        var headers: [String] = []
        /// Where in the file the body begins.
        var first = 0
        var body: [UInt8] = []
        /// What happens at some byte of it.
        var stop: FaultProxy.Fault?
    }

    /// Takes the faults that come to play in the answer to `request`, and remembers those that last.
    mutating func takeFaults(
        for request: StallingServer.Request, from faults: inout [FaultProxy.Fault]
    ) -> [FaultProxy.Fault] {
        var taken: [FaultProxy.Fault] = []
        while let fault = faults.first {
            if let place = fault.place, !(Self.range(of: request) ?? 0..<Int.max).contains(place) { break }
            if case .wrongRange = fault, Self.range(of: request) == nil { break }
            faults.removeFirst()
            taken.append(fault)
            guard remember(fault) else { break }
        }
        return taken
    }

    /// Returns whether another fault may come to play in the same answer.
    private mutating func remember(_ fault: FaultProxy.Fault) -> Bool {
        switch fault {
        case .change(let change):
            isOther = true
            tag = change == .silent ? tag : "\"other\""
            honoursCondition = change == .told
        case .touch: tag = "\"two\""
        case .truncate(let bytes, let isTold): length = Length(bytes: bytes, isTold: isTold)
        case .ignoreRange: break
        default: return false
        }
        return true
    }

    func answer(
        _ request: StallingServer.Request, _ file: [UInt8], _ faults: [FaultProxy.Fault]
    ) -> Answer {
        for fault in faults {
            if case .status(let status) = fault { return Answer(status: status, headers: ["Content-Length: 0"]) }
        }
        if faults.contains(.redirect) || request.target.hasPrefix("/again") {
            return Answer(status: 302, headers: ["Location: /again", "Content-Length: 0"])
        }
        let served = length.map { Array(file.prefix($0.bytes)) } ?? file
        let total = length?.isTold == false ? file.count : served.count
        guard let range = range(for: request, total, faults) else {
            return shaped(Answer(headers: ["ETag: \(tag)"], body: served), promised: total, faults)
        }
        guard range.lowerBound < total else {
            return Answer(status: 416, headers: ["Content-Range: bytes */\(total)", "Content-Length: 0"])
        }
        let last = min(range.upperBound, total) - 1
        let headers = ["ETag: \(tag)", "Content-Range: bytes \(range.lowerBound)-\(last)/\(total)"]
        let body = Array(served.dropFirst(range.lowerBound).prefix(range.count))
        return shaped(
            Answer(status: 206, headers: headers, first: range.lowerBound, body: body),
            promised: last + 1 - range.lowerBound, faults)
    }

    private func range(
        for request: StallingServer.Request, _ total: Int, _ faults: [FaultProxy.Fault]
    ) -> Range<Int>? {
        guard let asked = Self.range(of: request), !faults.contains(.ignoreRange) else { return nil }
        if honoursCondition, let condition = request.headers["if-range"], condition != tag { return nil }
        for case .wrongRange(let shift) in faults {
            let first = min(max(0, asked.lowerBound + shift), total - 1)
            return first..<max(first + 1, min(asked.upperBound, total))
        }
        return asked
    }

    /// Length, coding and what happens on the way.
    private func shaped(_ answer: Answer, promised: Int, _ faults: [FaultProxy.Fault]) -> Answer {
        var answer = answer
        var length: Int? = promised
        for fault in faults {
            switch fault {
            case .cut, .stall, .slow: answer.stop = fault
            case .extra(let count, let isTold):
                answer.body += [UInt8](repeating: 0xEE, count: count)
                length = isTold ? promised + count : nil
            case .gzip:
                answer.body = Self.gzip(answer.body)
                answer.headers.append("Content-Encoding: gzip")
                length = answer.body.count
            case .wrongLength(let difference): length = max(0, promised + difference)
            default: break
            }
        }
        if let length { answer.headers.append("Content-Length: \(length)") }
        return answer
    }

    /// `bytes=5-` and `bytes=5-9`.
    static func range(of request: StallingServer.Request) -> Range<Int>? {
        guard let value = request.headers["range"], value.hasPrefix("bytes=") else { return nil }
        let bounds = value.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Int(bounds[0]), first >= 0 else { return nil }
        let last = bounds[1].isEmpty ? Int.max - 1 : Int(bounds[1]) ?? -1
        return last >= first ? first..<last + 1 : nil
    }

    /// Blocks that are stored as they are; the check sum is left out, which no client here gets to see.
    /// Source: RFC 1951, section 3.2.4; RFC 1952.
    private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        for start in stride(from: 0, to: bytes.count, by: 65_535) {
            let block = bytes[start..<min(start + 65_535, bytes.count)]
            let count = UInt16(block.count)
            result += [start + block.count == bytes.count ? 1 : 0]
            result += [UInt8(truncatingIfNeeded: count), UInt8(count >> 8)]
            result += [UInt8(truncatingIfNeeded: ~count), UInt8(~count >> 8)] + block
        }
        return result + [UInt8](repeating: 0, count: 8)
    }
}
