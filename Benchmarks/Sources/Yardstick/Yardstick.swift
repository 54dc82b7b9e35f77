import Glibc

/// Measures other programs, for `scripts/bench.sh`.
///
/// ```text
/// yardstick run FILE COMMAND…      runs it, appends “seconds  CPU seconds  peak KiB” to FILE, leaves with its status
/// yardstick micro FILE             a table's rows from what the benchmark library exported (JMH's JSON)
/// yardstick sync FILE COUNT        a table's row: how long fdatasync takes after so many appends of 4 KiB
/// yardstick load FLAGS…            check-ins against a server on this host; see LoadSettings
/// ```
@main
enum Yardstick {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let verb = arguments.isEmpty ? "" : arguments.removeFirst()
        do throws(YardstickError) {
            switch verb {
            case "run": exit(try run(arguments))
            case "micro": try micro(arguments)
            case "sync": try sync(arguments)
            case "load": try load(arguments)
            default: throw YardstickError.usage("the verbs are run, micro, sync and load")
            }
        } catch {
            Output.complain("yardstick: \(error.text)")
            exit(error.exitCode)
        }
    }

    private static func run(_ arguments: [String]) throws(YardstickError) -> CInt {
        guard arguments.count >= 2 else { throw .usage("run FILE COMMAND…") }
        let run = try ChildRun(command: Array(arguments.dropFirst()))
        try Output.append(
            "\(Decimal(run.seconds, places: 3))\t\(Decimal(run.processorSeconds, places: 3))\t\(run.peakKibibytes)\n",
            toFile: arguments[0])
        return run.exitCode
    }

    private static func micro(_ arguments: [String]) throws(YardstickError) {
        guard arguments.count == 1 else { throw .usage("micro FILE") }
        for row in try MicroResults(contentsOfFile: arguments[0]).rows { print(row.line) }
    }

    private static func sync(_ arguments: [String]) throws(YardstickError) {
        guard arguments.count == 2, let count = Int(arguments[1]), (10...100_000).contains(count) else {
            throw .usage("sync FILE COUNT")
        }
        print(try DiskSync(file: arguments[0], count: count).row.line)
    }

    private static func load(_ arguments: [String]) throws(YardstickError) {
        let settings = try LoadSettings(arguments)
        print(try LoadRun(settings).measure().line)
    }
}

/// Why nothing was measured.
enum YardstickError: Error {
    case usage(String)
    case failed(String)

    var text: String {
        switch self {
        case .usage(let text): "usage: \(text)"
        case .failed(let text): text
        }
    }

    /// As in `sysexits.h`.
    var exitCode: CInt {
        switch self {
        case .usage: 64
        case .failed: 74
        }
    }
}
