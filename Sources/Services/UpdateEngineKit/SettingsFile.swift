import FoundationEssentials
import TOMLKit

/// The text of `martletd.toml` as it was written: every key optional. ``EngineSettings`` is the checked form.
struct SettingsFile: Decodable {
    struct Server: Decodable {
        var url: String?
        var track: String?
        var application: String?
    }

    struct Machine: Decodable {
        var root: String?
        var alias: String?
    }

    struct Slots: Decodable {
        var control: String?
        var disk: String?
        var kernelDirectory: String?
        var kernelBytesPerSecond: Int?
        var booted: String?
        var tries: Int?

        enum CodingKeys: String, CodingKey {
            case control, disk, booted, tries
            case kernelDirectory = "kernel-directory"
            case kernelBytesPerSecond = "kernel-bytes-per-second"
        }
    }

    struct Folder: Decodable {
        var directory: String?
    }

    struct Control: Decodable {
        var socket: String?
    }

    struct Schedule: Decodable {
        var initialDelay: Seconds?
        var interval: Seconds?
        var jitter: Seconds?
        var intervalMax: Seconds?

        enum CodingKeys: String, CodingKey {
            case interval, jitter
            case initialDelay = "initial-delay"
            case intervalMax = "interval-max"
        }
    }

    struct Download: Decodable {
        var bytesPerSecond: Int?
        var stallSeconds: Seconds?
        var attempts: Int?
        var stallBytesPerSecond: Int?
        var limits: [Limit]?

        enum CodingKeys: String, CodingKey {
            case attempts, limits
            case bytesPerSecond = "bytes-per-second"
            case stallSeconds = "stall-seconds"
            case stallBytesPerSecond = "stall-bytes-per-second"
        }
    }

    struct Limit: Decodable {
        var hours: String?
        var days: String?
        var bytesPerSecond: Int?

        enum CodingKeys: String, CodingKey {
            case hours, days
            case bytesPerSecond = "bytes-per-second"
        }
    }

    struct Proxy: Decodable {
        var http: String?
        var https: String?
        var all: String?
        var except: String?
    }

    struct Health: Decodable {
        var directory: String?
        var timeLimit: Seconds?
        var settle: Seconds?
        var target: String?
        var limit: Seconds?

        enum CodingKeys: String, CodingKey {
            case directory, settle, target, limit
            case timeLimit = "time-limit"
        }
    }

    struct Reboot: Decodable {
        var strategy: String?
        var method: String?
        var command: [String]?
        var kexecCommand: [String]?

        enum CodingKeys: String, CodingKey {
            case strategy, method, command
            case kexecCommand = "kexec-command"
        }
    }

    var server: Server?
    var machine: Machine?
    var slots: Slots?
    var keys: Folder?
    var state: Folder?
    var control: Control?
    var schedule: Schedule?
    var download: Download?
    var proxy: Proxy?
    var health: Health?
    var reboot: Reboot?

    /// A text that was read, and the dotted keys in it that mean nothing here.
    struct Reading {
        var file: SettingsFile
        var unknownKeys: [String] = []
    }

    /// - Throws: ``SettingsError`` that names the file and, where it can, the key or the place.
    static func parse(_ text: String, path file: String) throws(SettingsError) -> Reading {
        guard !text.utf8.contains(0) else {  // The parser would take it for the end.
            throw SettingsError(path: file, key: nil, reason: "it holds a zero byte")
        }
        try refuseOddTables(text, path: file)
        do {
            return try read(text)
        } catch let error as TOMLParseError {
            throw SettingsError(
                path: file, key: nil,
                reason: "line \(error.source.begin.line) is not TOML: \(error.description)")
        } catch let DecodingError.typeMismatch(_, context) {
            throw SettingsError(path: file, key: key(context), reason: "its value is of the wrong kind")
        } catch let DecodingError.keyNotFound(last, context) {
            // Every key is optional: one that is said to be missing has a value of another kind.
            let path = context.codingPath.map(\.stringValue).filter { $0 != last.stringValue } + [last.stringValue]
            throw SettingsError(
                path: file, key: path.joined(separator: "."), reason: "its value is of the wrong kind")
        } catch let DecodingError.dataCorrupted(context) {
            throw SettingsError(path: file, key: key(context), reason: "its value cannot be used")
        } catch {
            throw SettingsError(path: file, key: nil, reason: "it does not have the form of a settings file")
        }
    }

    private static func read(_ text: String) throws -> Reading {
        do {
            return Reading(file: try TOMLDecoder(strictDecoding: true).decode(SettingsFile.self, from: text))
        } catch let error as UnexpectedKeysError {
            let keys = error.keys.values.map { $0.map(\.stringValue).joined(separator: ".") }.sorted()
            return Reading(
                file: try TOMLDecoder(strictDecoding: false).decode(SettingsFile.self, from: text), unknownKeys: keys)
        }
    }

    private static func key(_ context: DecodingError.Context) -> String? {
        context.codingPath.isEmpty ? nil : context.codingPath.map(\.stringValue).joined(separator: ".")
    }

    /// The parser takes for granted that a key follows the bracket that begins a table.
    private static func refuseOddTables(_ text: String, path: String) throws(SettingsError) {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let trimmed = line.drop { $0.isWhitespace }
            guard trimmed.first == "[" else { continue }
            let name = trimmed.dropFirst().prefix { $0 != "]" }
            let isName = !name.isEmpty && name.utf8.allSatisfy(isKeyByte)
            guard isName, trimmed.dropFirst(name.count + 1).first == "]" else {
                throw SettingsError(path: path, key: nil, reason: "line \(index + 1) begins no table that is known")
            }
        }
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-_.".utf8.contains(byte)
        }
    }
}

/// A time span written as a number of seconds, whole or not.
struct Seconds: Decodable {
    var value: Double

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let whole = try? container.decode(Int.self) {  // Not an Int: the next line decides.
            value = Double(whole)
        } else {
            value = try container.decode(Double.self)
        }
    }

    var duration: Duration { .milliseconds(Int64(value * 1000)) }
}
