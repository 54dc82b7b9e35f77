public import UpdateModel

/// One Omaha event on its way to the server.
public struct EngineReport: Hashable, Sendable, Codable {
    /// Counts up over the life of the installation.
    public var number: UInt64
    public var eventType: Int
    public var eventResult: Int
    public var errorCode: Int?
    /// The version that ran when it happened.
    public var runningVersion: String?
    /// The version that the event is about, where that is not the running one.
    public var subjectVersion: String?
    /// SHA-256 of the payload that the event is about.
    public var subjectDigest: SHA256Digest?
    /// For people: what failed.
    public var reason: String?
    /// The act of the server that the event answers.
    public var actID: String?

    public init(number: UInt64, eventType: Int, eventResult: Int, errorCode: Int? = nil) {
        self.number = number
        self.eventType = eventType
        self.eventResult = eventResult
        self.errorCode = errorCode
    }
}

extension UpdateMachine {
    /// What a report is about.
    struct Subject {
        var version: Version?
        var payloadDigest: SHA256Digest?
        var actID: String?
    }

    /// Puts a report at the end of the queue.
    /// - Parameters:
    ///   - eventType: 13 download started, 14 download finished, 3 update complete; 40 and 41 as in
    ///     `docs/protocols/omaha-extensions.md`.
    ///   - eventResult: 1 success, 0 error.
    mutating func report(
        eventType: Int, eventResult: Int, code: Int? = nil, reason: String? = nil, subject: Subject
    ) {
        record.reportCount += 1
        var report = EngineReport(
            number: record.reportCount, eventType: eventType, eventResult: eventResult, errorCode: code)
        report.reason = reason.map { String($0.prefix(Self.reasonLengthMax)) }
        report.runningVersion = boot.runningVersion.text
        report.subjectVersion = subject.version?.text
        report.subjectDigest = subject.payloadDigest
        report.actID = subject.actID
        record.reports = Array((record.reports + [report]).suffix(Self.reportsMax))
    }

    /// Bounds the record on a machine that is off the network for years; the newest are kept.
    static let reportsMax = 256
    static let reasonLengthMax = 1024
}
