import QemuKit
import UpdateModel

/// Reads in the foreground while an update is written to a disk that is as slow as small machines have it.
struct Slowness {
    /// Of the whole disk, so that writer and reader get in each other's way.
    static let diskBytesPerSecond = 12 << 20
    private static let seconds = 8

    /// - Parameters:
    ///   - limitBytesPerSecond: what the engine may write; `nil` for no limit.
    ///   - before: the number of downloads that had begun before the release was offered.
    func measure(
        _ stage: Stage, limitBytesPerSecond: Int?, afterDownload before: Int
    ) async throws -> DiskReading {
        let agent = try await stage.agent()
        try await stage.machine.press(.diskSpeed(bytesPerSecond: Self.diskBytesPerSecond))
        if let limit = limitBytesPerSecond { try await DiskLimit(agent).set(bytesPerSecond: limit) }
        try await stage.live(until: "a download begins") { _ in
            stage.tap.downloads.dropFirst(before).contains { $0.servedBytes > 1 << 20 }
        }
        let reading = try await DiskReading.take(
            agent, on: stage.machine, service: "martletd.service", device: "/dev/vda", seconds: Self.seconds)
        try await stage.machine.press(.diskSpeed(bytesPerSecond: 0))
        if limitBytesPerSecond != nil { try await DiskLimit(agent).set(bytesPerSecond: nil) }
        return reading
    }
}

/// What the engine may write to the disk, set as an operator does it: by a line in `limits.env`, which the next reload
/// turns into a limit of the control group.
struct DiskLimit {
    private let agent: GuestAgent

    init(_ agent: GuestAgent) { self.agent = agent }

    /// - Parameter bytesPerSecond: `nil` for no limit.
    func set(bytesPerSecond: Int?) async throws {
        let line = bytesPerSecond.map { "echo WRITE_BYTES_PER_SECOND=\($0) >>$file" } ?? "true"
        try await agent.succeed(
            "file=/etc/martlet/limits.env; touch $file; sed -i '/^WRITE_/d' $file; \(line); systemctl daemon-reload")
    }
}
