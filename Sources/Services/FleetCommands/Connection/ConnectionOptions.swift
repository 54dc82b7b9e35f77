package import ArgumentParser

/// How to reach the server and how to show what it says: the options of every command that talks to one.
package struct ConnectionOptions: ParsableArguments {
    package static let defaultServer = "http://127.0.0.1:8080"

    @Option(help: "The server's URL. Default: $MARTLET_SERVER, else \(defaultServer).")
    package var server: String?

    @Option(help: "A file that holds the access token. Default: $MARTLET_TOKEN_FILE, else $MARTLET_TOKEN is the token.")
    package var tokenFile: String?

    @Flag(help: "Print the API's JSON.")
    package var json = false

    @Flag(name: [.customShort("q"), .long], help: "Print no progress and no notes.")
    package var quiet = false

    package init() {}
}
