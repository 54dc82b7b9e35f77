import FoundationEssentials
import HostLinux
import SlotDevice

/// The guest's console as it grows in a file.
package struct SerialLog: Sendable {
    package struct Line: Hashable, Sendable {
        /// When it was first seen here.
        package let at: ContinuousClock.Instant
        package let text: String

        package init(at: ContinuousClock.Instant, text: String) {
            self.at = at
            self.text = text
        }
    }

    package let path: String
    package private(set) var lines: [Line] = []
    /// When the file last grew; at first, when the looking began.
    package private(set) var lastGrowth: ContinuousClock.Instant
    private var readBytes: UInt64 = 0
    private var splitter = LineSplitter(lengthMax: 64 << 10)

    /// Bytes of a log that are looked at; what comes behind stays in the file only.
    private static let byteCountMax: UInt64 = 64 << 20

    package init(path: String, at now: ContinuousClock.Instant) {
        self.path = path
        self.lastGrowth = now
    }

    /// Takes what has been written since the last look. Without a file there is nothing yet.
    package mutating func look(at now: ContinuousClock.Instant) {
        // QEMU makes the file; until then, or if it were gone, nothing is new.
        guard let device = try? FileBlockDevice(path: path, access: .readOnly) else { return }
        let size = min(device.sizeBytes, Self.byteCountMax)
        guard size > readBytes else { return }
        guard let bytes = try? device.read(at: readBytes, count: Int(size - readBytes)) else { return }
        readBytes = size
        lastGrowth = now
        for line in splitter.take(bytes) { lines.append(Line(at: now, text: Self.plain(line))) }
    }

    /// The first line that holds `text`, at or behind place `start`.
    package func first(containing text: String, from start: Int = 0) -> Line? {
        lines.dropFirst(start).first { $0.text.contains(text) }
    }

    package func contains(_ text: String) -> Bool { first(containing: text) != nil }

    /// The last lines, for a person who looks for the reason.
    package func tail(_ count: Int = 25) -> [String] { lines.suffix(count).map(\.text) }

    /// Without the sequences by which firmware and kernel steer a terminal.
    ///
    /// Source: ECMA-48, clause 5.4: a control sequence ends with a byte from `@` to `~`.
    package static func plain(_ line: String) -> String {
        var text = String.UnicodeScalarView()
        var rest = line.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" {
                guard rest.first == "[" else { continue }
                rest.removeFirst()
                while let next = rest.popFirst(), !("@"..."~").contains(next) {}
            } else if scalar.properties.generalCategory != .control || scalar == "\t" {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
