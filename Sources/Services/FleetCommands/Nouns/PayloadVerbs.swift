package import ArgumentParser
import FleetAPI
import FleetModel
import NIOCore
import UpdateModel

/// `martlet payload add`
package struct PayloadAdd: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Upload a payload to a release, or name where one lies.",
        discussion: """
            Example: martlet payload add --app flatcar --release 2.0.0 --arch amd64 update.crau
                     martlet payload add --app flatcar --release 2.0.0 --arch amd64 --url https://m.example.org/x.crau
            The file is hashed before and on the way; a copy that differs is refused. An upload that breaks off, or that
            the server or a proxy puts off, goes on where it was, up to --attempts times, or when the same command is
            given again within seven days.
            With --url the server fetches the payload once, hashes and checks it, and keeps none of it: machines are
            sent to the URL, while that is what was fetched.
            """)

    @OptionGroup var place: PayloadPlace
    @Option(help: "What clients call the file. Default: the file's own name.") var name: String?
    @Option(help: "How often to try an upload that breaks off or is put off.") var attempts = 5
    @Option(
        name: .customLong("url"),
        help: "Where the payload lies instead; several are copies of it, the first choice first.",
        transform: PayloadURL.parse)
    var urls: [PayloadURL] = []
    @Option(help: "With --url: what the payload must hash to.", transform: SHA256Digest.parse) var sha256: SHA256Digest?
    @Argument(help: "The payload.") var file: String?
    @OptionGroup var connection: ConnectionOptions

    package init() {}

    package func validate() throws {
        guard (1...1000).contains(attempts) else { throw ValidationError("--attempts is from 1 to 1000.") }
        guard (file == nil) != urls.isEmpty else { throw ValidationError("Give a file or --url, not both.") }
        guard urls.isEmpty || name == nil else {
            throw ValidationError("--name goes with a file; a payload at a URL has the name that stands there.")
        }
        guard sha256 == nil || !urls.isEmpty else { throw ValidationError("--sha256 goes with --url.") }
    }

    package func run() async throws {
        let payload = if let file { try await upload(file) } else { try await fetch() }
        try Printer(options: connection).show(payload, PayloadLines.all(payload))
        guard payload.format == 2, !connection.quiet else { return }
        Terminal.note("Stock Flatcar machines read format 1 only.\n")
    }

    private func upload(_ file: String) async throws -> PayloadResource {
        let upload = try PayloadFile(path: file)
        let progress = Progress(total: upload.size, isQuiet: connection.quiet || connection.json)
        return try await FleetClient.connected(connection) { client in
            let sender = PayloadSender(client: client, file: upload, digest: try upload.digest(), progress: progress)
            let path = place.path.with("source", place.from?.text).with("name", name ?? upload.plainName)
            let payload = try await Self.refusalsAsBadData {
                try await sender.send(to: path, askingAt: place.path.below("upload"), attempts: attempts)
            }
            progress.finish()
            return payload
        }
    }

    private func fetch() async throws -> PayloadResource {
        try await FleetClient.connected(connection, patience: FleetClient.readingTime) { client in
            let watch = FetchWatch(
                client: client, payload: place.path, source: place.from,
                isQuiet: connection.quiet || connection.json)
            return try await Self.refusalsAsBadData {
                try await watch.add(NewPayloadElsewhere(urls: urls, sha256: sha256))
            }
        }
    }

    /// What the server says against the file is about data, not about how the command was called.
    private static func refusalsAsBadData(_ upload: () async throws -> PayloadResource) async throws -> PayloadResource {
        do {
            return try await upload()
        } catch ClientError.refused(status: 422, let detail) {
            throw ClientError.refusedPayload(detail: detail)
        }
    }
}

/// `martlet payload list`
package struct PayloadList: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an application's payloads on the server.",
        discussion: "Example: martlet payload list --app flatcar --release 2.0.0")

    @OptionGroup var application: ApplicationOption
    @Option(help: "Only of this release.", transform: Version.parse) var release: Version?
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    package init() {}

    package func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = page.applied(to: .application(application.app, "payloads")).with("version", release?.text)
            let payloads = try await client.get(path, as: ListPage<PayloadResource>.self)
            var table = Table("RELEASE", "ARCH", "FROM", "FORMAT", "SIZE", "SHA-256")
            for payload in payloads.items {
                table.add(
                    payload.version.text, payload.architecture.name, payload.source?.text ?? "", "\(payload.format)",
                    ByteCount.text(payload.size), payload.sha256.hexadecimal)
            }
            try Printer(options: connection).list(payloads, offset: page.offset, table)
        }
    }
}

/// `martlet payload show`
package struct PayloadShow: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one payload on the server.",
        discussion: "Example: martlet payload show --app flatcar --release 2.0.0 --arch amd64")

    @OptionGroup var place: PayloadPlace
    @OptionGroup var connection: ConnectionOptions

    package init() {}

    package func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = place.path.with("source", place.from?.text)
            let payload = try await client.get(path, as: PayloadResource.self)
            try Printer(options: connection).show(payload, PayloadLines.all(payload))
        }
    }
}

/// `martlet payload delete`
package struct PayloadDelete: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a payload from a release that no channel points at.",
        discussion: "Example: martlet payload delete --app flatcar --release 2.0.0 --arch amd64")

    @OptionGroup var place: PayloadPlace
    @OptionGroup var connection: ConnectionOptions

    package init() {}

    package func run() async throws {
        try await FleetClient.connected(connection) { client in
            try await client.delete(place.path.with("source", place.from?.text))
            Printer(options: connection).done("Deleted the payload of \(place.release) for \(place.arch).")
        }
    }
}

/// Where a payload belongs.
package struct PayloadPlace: ParsableArguments {
    @OptionGroup var application: ApplicationOption
    @Option(help: "The release's version.", transform: Version.parse) var release: Version
    @Option(help: "The architecture: amd64, arm64 or i386.", transform: Architecture.parse) var arch: Architecture
    @Option(help: "For a delta, the exact version that it starts from.", transform: Version.parse) var from: Version?

    package init() {}

    package var path: APIPath { .application(application.app, "releases", release.text, "payloads", arch.name) }
}

/// A payload in words.
enum PayloadLines {
    static func short(_ payload: PayloadResource) -> String {
        let source = payload.source.map { " from \($0)" } ?? ""
        return "\(payload.architecture)\(source), \(ByteCount.text(payload.size)), sha256 \(payload.sha256)"
    }

    static func all(_ payload: PayloadResource) -> [String] {
        var sheet = Sheet()
        sheet.add("release", payload.version.text)
        sheet.add("architecture", payload.architecture.name)
        sheet.add("from", payload.source?.text)
        sheet.add("file", payload.fileName)
        sheet.add("format", "\(payload.format)")
        sheet.add("size", "\(payload.size) (\(ByteCount.text(payload.size)))")
        sheet.add("sha256", payload.sha256.hexadecimal)
        if let mirrors = payload.mirrors {
            for mirror in mirrors { sheet.add("lies at", words(mirror)) }
        } else {
            sheet.add("url", payload.url)
        }
        sheet.add("added", payload.addedAt.rfc3339)
        return sheet.lines
    }

    private static func words(_ mirror: MirrorResource) -> String {
        guard let trouble = mirror.trouble else { return mirror.url.text }
        let since = mirror.since.map { " since \($0)" } ?? ""
        return "\(mirror.url) (\(trouble.rawValue)\(since): \(mirror.text ?? "no machine is sent there"))"
    }
}
