internal import FoundationEssentials
internal import TOMLKit

/// The text of an image's definition as it was written: unknown keys refused. ``ImageDefinition`` is the checked form.
struct DefinitionFile: Decodable {
    struct Base: Decodable {
        var suite: String?
        var mirrors: [String]?
        var packages: [String]?
        var without: [String]?
    }

    struct Kernel: Decodable {
        var package: String?
        var commandLine: String?
        var modules: Modules?

        enum CodingKeys: String, CodingKey {
            case package, modules
            case commandLine = "command-line"
        }
    }

    struct Modules: Decodable {
        var always: [String]?
        var initramfs: [String]?
        var system: [String]?
    }

    struct Sizes: Decodable {
        var esp: Int?
        var root: Int?
        var verity: Int?
        var state: Int?
    }

    struct Update: Decodable {
        var server: String?
        var track: String?
        var tries: Int?
    }

    struct Limits: Decodable {
        var cpuWeight: Int?
        var cpuQuota: String?
        var memoryMax: String?
        var writeBytesPerSecond: Int?
        var readBytesPerSecond: Int?

        enum CodingKeys: String, CodingKey {
            case cpuWeight = "cpu-weight"
            case cpuQuota = "cpu-quota"
            case memoryMax = "memory-max"
            case writeBytesPerSecond = "write-bytes-per-second"
            case readBytesPerSecond = "read-bytes-per-second"
        }
    }

    struct File: Decodable {
        var path: String
        var source: String?
        var content: String?
        var mode: String?
        var owner: String?
    }

    struct DropIn: Decodable {
        var unit: String
        var name: String
        var content: String
    }

    struct Units: Decodable {
        var enable: [String]?
        var mask: [String]?
        var dropIns: [DropIn]?

        enum CodingKeys: String, CodingKey {
            case enable, mask
            case dropIns = "drop-ins"
        }
    }

    struct User: Decodable {
        var name: String
        var groups: [String]?
        var shell: String?
        var passwordHash: String?
        var sshKeys: [String]?

        enum CodingKeys: String, CodingKey {
            case name, groups, shell
            case passwordHash = "password-hash"
            case sshKeys = "ssh-keys"
        }
    }

    var name: String?
    var title: String?
    var architecture: String?
    var hostname: String?
    var programs: [String]?
    var remove: [String]?
    var base: Base?
    var kernel: Kernel?
    var sizes: Sizes?
    var update: Update?
    var limits: Limits?
    var units: Units?
    var files: [File]?
    var users: [User]?

    /// - Parameter overrides: `KEY=VALUE` with a dotted key; they win over the text.
    /// - Throws: ``ImageError/definition(path:key:reason:)``.
    static func parse(_ text: String, path: String, overrides: [String]) throws(ImageError) -> DefinitionFile {
        guard !text.utf8.contains(0) else {  // The parser would take it for the end.
            throw .definition(path: path, key: nil, reason: "it holds a zero byte")
        }
        do {
            let table = try TOMLTable(string: text)
            for override in overrides { try DefinitionOverride(override).apply(to: table) }
            return try TOMLDecoder(strictDecoding: true).decode(DefinitionFile.self, from: table)
        } catch let error as ImageError {
            throw error
        } catch let error as UnexpectedKeysError {
            let keys = error.keys.values.map { $0.map(\.stringValue).joined(separator: ".") }.sorted()
            throw .definition(path: path, key: keys.first, reason: "this key is not known")
        } catch let error as TOMLParseError {
            throw .definition(
                path: path, key: nil, reason: "line \(error.source.begin.line) is not TOML: \(error.description)")
        } catch let error as DecodingError {
            throw .definition(path: path, key: key(of: error), reason: "its value is missing or of the wrong kind")
        } catch {
            throw .definition(path: path, key: nil, reason: "it does not have the form of a definition")
        }
    }

    private static func key(of error: DecodingError) -> String? {
        let place: [any CodingKey] =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context):
                context.codingPath.filter { $0.stringValue != key.stringValue } + [key]
            @unknown default: []
            }
        return place.isEmpty ? nil : place.map(\.stringValue).joined(separator: ".")
    }
}

/// `KEY=VALUE` of the command line: sets one value of a definition.
struct DefinitionOverride: Hashable {
    let key: [String]
    let value: String

    init(_ text: String) throws(ImageError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        key = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, key.allSatisfy({ !$0.isEmpty }) else {
            throw .definition(path: "--set \(text)", key: nil, reason: "it does not have the form KEY=VALUE")
        }
        value = String(parts[1])
    }

    /// A number is set as one, everything else as text; tables on the way are made.
    func apply(to root: TOMLTable) throws(ImageError) {
        var table = root
        for (depth, name) in key.dropLast().enumerated() {
            if table[name] == nil { table[name] = TOMLTable() }
            guard let inner = table[name]?.table else {
                throw .definition(
                    path: "--set", key: key.prefix(depth + 1).joined(separator: "."), reason: "it is no table")
            }
            table = inner
        }
        if let number = Int(value) {
            table[key[key.count - 1]] = number
        } else {
            table[key[key.count - 1]] = value
        }
    }
}
