import FoundationEssentials

/// What QEMU's monitor says, a line each.
///
/// ```text
/// {"QMP": {"version": …, "capabilities": [...]}}
/// {"return": {}, "id": "1"}
/// {"error": {"class": "…", "desc": "…"}, "id": "2"}
/// {"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}, "timestamp": …}
/// ```
/// Source: QEMU Machine Protocol Specification, `docs/interop/qmp-spec`.
package enum MonitorMessage: Hashable, Sendable {
    case greeting
    case done(id: String)
    case refused(id: String?, reason: String)
    /// `reason` says why a machine went down.
    case event(name: String, reason: String?)

    /// `nil` for what is none of these.
    package init?(line: String) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(line.utf8)) else { return nil }
        if wire.greeting != nil {
            self = .greeting
        } else if let error = wire.error {
            self = .refused(id: wire.id, reason: error.desc)
        } else if let name = wire.event {
            self = .event(name: name, reason: wire.data?.reason)
        } else if let id = wire.id {
            self = .done(id: id)
        } else {
            return nil
        }
    }

    private struct Wire: Decodable {
        struct Greeting: Decodable {}
        struct Failure: Decodable { var desc: String }
        struct Detail: Decodable { var reason: String? }

        var greeting: Greeting?
        var error: Failure?
        var event: String?
        var data: Detail?
        var id: String?

        enum CodingKeys: String, CodingKey {
            case greeting = "QMP"
            case error, event, data, id
        }
    }
}

/// A command to QEMU's monitor.
package struct MonitorCommand: Hashable, Sendable {
    package let name: String
    /// JSON of its arguments; empty for none.
    package let arguments: String

    package init(_ name: String, arguments: String = "") {
        self.name = name
        self.arguments = arguments
    }

    package func line(id: String) -> String {
        let rest = arguments.isEmpty ? "" : #","arguments":\#(arguments)"#
        return #"{"execute":"\#(name)","id":"\#(id)"\#(rest)}"#
    }

    /// Leaves at once.
    package static let quit = MonitorCommand("quit")
    /// Presses the reset button.
    package static let reset = MonitorCommand("system_reset")

    /// Makes the disk as slow as asked for; 0 takes the limit away.
    package static func diskSpeed(bytesPerSecond: Int) -> MonitorCommand {
        let others = ["bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"].map { #""\#($0)":0"# }.joined(separator: ",")
        // The half of the device that has the medium.
        let name = "/machine/peripheral/\(MachineDefinition.diskName)/virtio-backend"
        return MonitorCommand(
            "block_set_io_throttle", arguments: #"{"id":"\#(name)","bps":\#(bytesPerSecond),\#(others)}"#)
    }

    /// What the machine's disks have done so far, see ``DiskTraffic``.
    package static let diskTraffic = MonitorCommand("query-blockstats")
}

/// What the guest has asked of its disk since power-on, counted by QEMU.
package struct DiskTraffic: Hashable, Sendable {
    package let readBytes: UInt64
    package let writtenBytes: UInt64

    /// Reads the answer to `query-blockstats`.
    /// - Throws: ``QemuError/unintelligible(what:text:)``.
    package init(answer: String) throws {
        let disks = try? JSONDecoder().decode(Answer.self, from: Data(answer.utf8)).return
        guard let statistics = disks?.first(where: \.isDisk)?.stats else {
            throw QemuError.unintelligible(what: "QEMU's count of the disk's traffic", text: answer)
        }
        readBytes = statistics.rd_bytes
        writtenBytes = statistics.wr_bytes
    }

    private struct Answer: Decodable {
        var `return`: [Disk]
    }

    private struct Disk: Decodable {
        /// The path of the guest's device; firmware variables have none.
        var qdev: String?
        var stats: Statistics

        var isDisk: Bool { qdev?.split(separator: "/").contains { $0 == MachineDefinition.diskName } == true }
    }

    /// Names as in QEMU.
    private struct Statistics: Decodable {
        var rd_bytes: UInt64
        var wr_bytes: UInt64
    }
}
