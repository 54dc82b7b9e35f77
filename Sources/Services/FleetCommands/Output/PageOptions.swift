import ArgumentParser

/// Which part of a list is wanted.
struct PageOptions: ParsableArguments {
    @Option(help: "At most this many, up to 1000.")
    var limit = 1000

    @Option(help: "Leave out this many first.")
    var offset = 0

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000.") }
        guard offset >= 0 else { throw ValidationError("--offset cannot be negative.") }
    }

    func applied(to path: APIPath) -> APIPath {
        path.with("limit", "\(limit)").with("offset", offset == 0 ? nil : "\(offset)")
    }
}
