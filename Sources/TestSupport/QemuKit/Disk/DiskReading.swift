/// What someone who reads in the foreground sees of a guest's disk while a service of the guest writes to it.
package struct DiskReading: Hashable, Sendable {
    /// Of reads of 4 KiB past the cache, in seconds, sorted.
    package let latencies: [Double]
    /// Written by the service meanwhile, as its control group counts.
    package let serviceBytesPerSecond: Double
    /// Written by the whole guest meanwhile, as QEMU counts.
    package let diskBytesPerSecond: Double

    /// The given part of all reads took no longer than this; seconds.
    package func latency(_ part: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        return latencies[min(latencies.count - 1, Int(Double(latencies.count) * part))]
    }

    package var text: String {
        "\(Self.megabytes(serviceBytesPerSecond)) written by the service (\(Self.megabytes(diskBytesPerSecond)) by the "
            + "guest), reads of 4 KiB: median \(Self.milliseconds(latency(0.5))), 99 % within "
            + "\(Self.milliseconds(latency(0.99))), \(latencies.count) reads"
    }

    private static func megabytes(_ bytes: Double) -> String { "\((bytes / 100_000).rounded() / 10) MB/s" }
    private static func milliseconds(_ seconds: Double) -> String { "\((seconds * 10_000).rounded() / 10) ms" }

    /// Reads in the guest for some seconds, each read a process of its own: slow to start, but timed by itself.
    ///
    /// - Parameters:
    ///   - service: whose writing is counted, such as `martletd.service`.
    ///   - device: what is read, such as `/dev/vda`.
    package static func take(
        _ agent: GuestAgent, on machine: VirtualMachine, service: String, device: String, seconds: Int
    ) async throws -> DiskReading {
        let before = try await DiskTraffic(answer: machine.press(.diskTraffic))
        let began = ContinuousClock.now
        let output = try await agent.succeed(
            script(service: service, device: device, seconds: seconds), limit: .seconds(seconds + 60))
        let elapsed = (ContinuousClock.now - began) / .seconds(1)
        let after = try await DiskTraffic(answer: machine.press(.diskTraffic))
        return try DiskReading(
            output: output, diskBytesPerSecond: Double(after.writtenBytes - before.writtenBytes) / elapsed)
    }

    /// Reads what the script prints.
    /// - Throws: ``QemuError/unintelligible(what:text:)``.
    package init(output: String, diskBytesPerSecond: Double) throws {
        var (latencies, marks): ([Double], [(seconds: Double, bytes: Double)]) = ([], [])
        for line in output.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == "mark", let seconds = Double(words[1]), let bytes = Double(words[2]) {
                marks.append((seconds, bytes))
            } else if words.count == 1, let seconds = Double(words[0]) {
                latencies.append(seconds)
            }
        }
        guard marks.count == 2, marks[1].seconds > marks[0].seconds, !latencies.isEmpty else {
            throw QemuError.unintelligible(what: "The reader's report", text: String(output.prefix(300)))
        }
        self.latencies = latencies.sorted()
        self.serviceBytesPerSecond = (marks[1].bytes - marks[0].bytes) / (marks[1].seconds - marks[0].seconds)
        self.diskBytesPerSecond = diskBytesPerSecond
    }

    /// Marks are uptime and the bytes that the service's control group has written.
    private static func script(service: String, device: String, seconds: Int) -> String {
        """
        export LC_ALL=C
        log=/run/disk-reading
        mark() {
            read -r up idle </proc/uptime
            # One line for each device.
            tr ' ' '\\n' </sys/fs/cgroup/system.slice/\(service)/io.stat |
                awk -F= -v up=$up '$1 == "wbytes" { sum += $2 } END { printf "mark %s %.0f\\n", up, sum }'
        }
        mark
        end=$((${up%.*} + \(seconds))); i=0
        while read -r up idle </proc/uptime; [ ${up%.*} -lt $end ]; do
            i=$(((i * 7919 + 4241) % 100000))
            dd if=\(device) of=/dev/null bs=4096 count=1 skip=$i iflag=direct 2>>$log
        done
        mark
        sed -n 's/.*copied, \\([0-9.e-]*\\) s.*/\\1/p' $log
        rm $log
        """
    }
}
