import FoundationEssentials
import Glibc

/// What a running process has used so far.
///
/// Source: proc(5), `/proc/PID/stat` and `/proc/PID/status`.
struct ProcessUsage {
    let processorSeconds: Double
    /// The most memory it ever had resident.
    let peakKibibytes: Int

    init(of process: Int) throws(YardstickError) {
        let text = String(decoding: try Output.content(ofFile: "/proc/\(process)/stat"), as: UTF8.self)
        // The name may hold spaces and parentheses; what follows the last one is numbers, from the third field on.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw .failed("/proc/\(process)/stat reads unlike proc(5)")
        }
        processorSeconds = (user + system) / Double(sysconf(CInt(_SC_CLK_TCK)))
        let status = String(decoding: try Output.content(ofFile: "/proc/\(process)/status"), as: UTF8.self)
        let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        peakKibibytes =
            peak?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
