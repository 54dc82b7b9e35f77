import Glibc

/// A line of the table: tab-separated, as `scripts/bench.sh` reads it.
struct Row {
    let name: String
    let value: String
    let unit: String
    var note = ""

    var line: String { [name, value, unit, note].joined(separator: "\t") }
}

/// A number with so many digits after the point.
struct Decimal: CustomStringConvertible {
    let description: String

    init(_ value: Double, places: Int) {
        let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
        let units = (value.magnitude * scale).rounded()
        guard units < 1e15 else {
            description = "\(value)"
            return
        }
        let whole = Int(units / scale)
        let rest = String(Int(units) - whole * Int(scale))
        let sign = value < 0 && units > 0 ? "-" : ""
        let zeros = String(repeating: "0", count: max(0, places - rest.count))
        description = places == 0 ? "\(sign)\(Int(units))" : "\(sign)\(whole).\(zeros)\(rest)"
    }

    /// Three digits that count.
    init(brief value: Double) {
        self.init(value, places: value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : 2)
    }
}

/// Files and the standard error, which Swift's standard library does not write. Every call that takes a pointer is here.
enum Output {
    static func complain(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }

    static func append(_ text: String, toFile path: String) throws(YardstickError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw .failed("cannot open \(path): \(systemText(errno))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else {
            throw .failed("cannot write \(path): \(systemText(errno))")
        }
    }

    /// At most 256 MiB of a file, which may be one of `/proc`.
    static func content(ofFile path: String) throws(YardstickError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { throw .failed("cannot open \(path): \(systemText(errno))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < 256 << 20 {
            let received = unsafe read(descriptor, &buffer, buffer.count)
            guard received >= 0 else { throw .failed("cannot read \(path): \(systemText(errno))") }
            if received == 0 { break }
            bytes += buffer.prefix(received)
        }
        return bytes
    }

    static func systemText(_ code: CInt) -> String { unsafe String(cString: strerror(code)) }
}
