import FleetAPI
import FleetModel

/// Shows what the server answered: for people, or as the API's JSON.
struct Printer {
    let options: ConnectionOptions

    /// - Parameter lines: the same for people.
    func show(_ value: some Encodable, _ lines: [String]) throws {
        if options.json {
            Terminal.line(try APIJSON.text(value))
        } else {
            for line in lines { Terminal.line(line) }
        }
    }

    /// What happened, for people who want to know that something did.
    func done(_ text: String) {
        if !options.json, !options.quiet { Terminal.line(Terminal.safe(text)) }
    }

    /// A list; what its pages leave out is told, so that nobody takes a part for the whole.
    func list<Item>(_ page: ListPage<Item>, offset: Int, _ table: Table) throws {
        try show(page, table.lines)
        let shown = page.items.count
        guard !options.json, !options.quiet, shown < page.total else { return }
        Terminal.note("\(shown) of \(page.total) from \(offset) on; see --limit and --offset\n")
    }
}
