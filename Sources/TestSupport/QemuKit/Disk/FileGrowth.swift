/// How fast a file in the guest grew while it was looked at.
package struct FileGrowth: Hashable, Sendable {
    package let byteCount: UInt64
    package let seconds: Double

    package var bytesPerSecond: Double { seconds > 0 ? Double(byteCount) / seconds : .infinity }

    package var text: String {
        "\(byteCount) bytes in \((seconds * 10).rounded() / 10) s, \((bytesPerSecond / 100_000).rounded() / 10) MB/s"
    }

    /// Waits for the file, then looks until it is gone or grows no more.
    package static func watch(_ path: String, _ agent: GuestAgent, seconds: Int) async throws -> FileGrowth {
        try FileGrowth(output: try await agent.succeed(script(path, seconds), limit: .seconds(seconds + 60)))
    }

    /// Reads what the script prints: the time and the size at each look, from the first byte to the last.
    /// - Throws: ``QemuError/unintelligible(what:text:)``.
    package init(output: String) throws {
        let looks = output.split(whereSeparator: \.isNewline).compactMap { line -> (seconds: Double, size: UInt64)? in
            let words = line.split(separator: " ")
            guard words.count == 2, let seconds = Double(words[0]), let size = UInt64(words[1]) else { return nil }
            return (seconds, size)
        }
        guard let first = looks.first(where: { $0.size > 0 }), let size = looks.map(\.size).max(), size >= first.size,
            let last = looks.first(where: { $0.size == size })
        else { throw QemuError.unintelligible(what: "The sizes of the file", text: String(output.prefix(300))) }
        byteCount = size - first.size
        self.seconds = last.seconds - first.seconds
    }

    /// A file that has not grown for `patience` seconds has got its length: so long that an emulator that stands still is
    /// not taken for it. One that is still empty has not begun: it is made long before its first byte where the disk is
    /// held back, and is waited for.
    package static func script(_ path: String, _ seconds: Int, patience: Int = 60) -> String {
        """
        export LC_ALL=C
        now() { read -r up idle </proc/uptime; hundredths=${up%.*}${up#*.}; }
        now; end=$((hundredths + \(seconds)00)); last=; since=$hundredths
        while now; [ $hundredths -lt $end ]; do
            if size=$(stat -c %s \(path) 2>/dev/null); then
                [ "$size" = "$last" ] || { echo "$up $size"; last=$size; since=$hundredths; }
                [ "$size" = 0 ] || [ $((hundredths - since)) -lt \(patience)00 ] || break
            elif [ -n "$last" ]; then
                break
            fi
            sleep 0.1
        done
        """
    }
}
