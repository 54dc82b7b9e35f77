internal import ArgumentParser
internal import ContentTrust
internal import PayloadFormat
internal import UpdateModel

/// Whom to trust.
struct TrustOptions: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "A trusted public key, or a directory of them (*.pem); repeatable.", valueName: "path"))
    var keyPaths: [String] = []

    /// - Throws: ``CommandProblem/noTrust`` when no key is given: then no payload is trusted.
    func trustedKeys() throws -> TrustedKeys {
        guard !keyPaths.isEmpty else { throw CommandProblem.noTrust }
        let keys = try TrustedKeys(paths: keyPaths)
        for skipped in keys.skippedFiles { Terminal.note("Note: a key was left out: \(skipped.userMessage.text)") }
        return keys
    }
}

/// How much to say.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false
}

/// A payload's format by its number.
enum FormatNumber: UInt64, ExpressibleByArgument, CaseIterable {
    case one = 1
    case two = 2

    var format: FormatVersion { self == .one ? .one : .two }
}

/// `NAME=FILE`.
struct NamedPath: ExpressibleByArgument, Hashable {
    let name: String
    let path: String

    init?(argument: String) {
        guard let separator = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<separator])
        path = String(argument[argument.index(after: separator)...])
        guard PayloadManifest.isName(name), !path.isEmpty else { return nil }
    }
}
