import FleetCommands
import Testing

@Suite("Argument order")
struct ArgumentOrderTests {
    @Test(
        "options of the connection may stand before the noun",
        arguments: [
            (["app", "list"], ["app", "list"]),
            (
                ["--server", "URL", "--token-file", "F", "app", "list"],
                ["app", "list", "--server", "URL", "--token-file", "F"]
            ),
            (["--server=URL", "app", "show", "A"], ["app", "show", "--server=URL", "A"]),
            (["--json", "machine", "list", "--limit", "1"], ["machine", "list", "--json", "--limit", "1"]),
            (
                ["--json", "group", "secret", "list", "--app", "A", "G"],
                ["group", "secret", "list", "--json", "--app", "A", "G"]
            ),
            (["--json", "group", "show", "secret"], ["group", "show", "--json", "secret"]),
            (["--quiet", "status"], ["status", "--quiet"]),
            (["--json", "payload", "inspect", "--", "--odd"], ["payload", "inspect", "--json", "--", "--odd"]),
            (["--server", "URL", "app", "--help"], ["app", "--server", "URL", "--help"]),
            (["--help"], ["--help"]),
            (["--server"], ["--server"]),
            ([], []),
        ])
    func moved(given: [String], expected: [String]) {
        #expect(ArgumentOrder.normalized(given) == expected)
    }
}
