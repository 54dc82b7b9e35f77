import FleetModel
import FleetOperations
import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /metrics`, for Prometheus: with a token as bearer token or as the password of basic credentials.
struct MetricsRoute: Sendable {
    let control: FleetControl
    let authenticator: Authenticator
    let guardian: BrowserGuard
    let metrics: ServerMetrics
    let startedAt: Timestamp

    func add(to router: Router<ServerContext>) {
        router.get("/metrics") { request, _ in
            try guardian.check(request)
            let caller = try await authenticator.caller(ofPage: request)
            var text = MetricsText()
            writeServer(to: &text)
            try await FleetFigures(control, by: caller).write(to: &text)
            return Response(
                status: .ok, headers: [.contentType: MetricsText.mediaType, .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
        }
    }

    private func writeServer(to text: inout MetricsText) {
        let figures = metrics.figures
        text.add(
            "martlet_build_info", .gauge, "The version of the program.",
            [(labels: [("version", ServerVersion.text)], value: 1)])
        text.add(
            "martlet_checkins_total", .counter, "Check-ins, by what became of them.",
            ServerMetrics.Result.allCases.map { ([("result", $0.rawValue)], Double(figures.checkIns[$0] ?? 0)) })
        text.add(
            "martlet_checkin_holds_total", .counter, "Check-ins that were told to wait, by reason.",
            HoldReason.allCases.map { ([("reason", $0.name)], Double(figures.holds[$0] ?? 0)) })
        text.add("martlet_new_machines_total", .counter, "Machines seen for the first time.", Double(figures.newMachines))
        text.add(
            "martlet_checkin_seconds", "From a check-in's last byte to its answer, durable.", figures.checkInSeconds)
        text.add("martlet_store_batch_seconds", "One transaction of the store, durable.", figures.batchSeconds)
        text.add(
            "martlet_store_batch_work_total", .counter, "Pieces of work in those transactions.",
            Double(figures.batchWork))
        text.add(
            "martlet_store_batches_failed_total", .counter, "Transactions that failed.", Double(figures.failedBatches))
        writeProcess(to: &text)
    }

    /// The names that Prometheus' own libraries use.
    private func writeProcess(to text: inout MetricsText) {
        var usage = rusage()
        // The pointer is a local variable's; when it fails the values stay zero.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        text.add(
            "process_cpu_seconds_total", .counter, "Processor time, user and system.",
            seconds(usage.ru_utime) + seconds(usage.ru_stime))
        text.add("martlet_peak_memory_bytes", .gauge, "The most memory ever resident.", Double(usage.ru_maxrss) * 1024)
        text.add(
            "process_start_time_seconds", .gauge, "When the server started, since 1970.",
            Double(startedAt.microseconds) / 1e6)
    }
}
