/// Lets the options of ``ConnectionOptions`` stand before the noun as well as behind the verb.
///
/// The argument parser gives an option that stands before a subcommand to the root command, which then would have to
/// know it, and would take it away from every other subcommand with an option of that name. So such options are moved
/// behind the verb before anything is parsed: `--server URL app list` becomes `app list --server URL`.
package enum ArgumentOrder {
    private static let valued: Set<String> = ["--server", "--token-file"]
    /// Nouns within nouns, whose verb comes third.
    private static let nested: Set<[String]> = [["group", "secret"]]
    private static let plain: Set<String> = ["--json", "--quiet", "-q"]

    /// The arguments, without the program's name, in the order that the parser needs.
    package static func normalized(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let option = rest.first {
            if plain.contains(option) || isJoined(option) {
                moved.append(option)
                rest.removeFirst()
            } else if valued.contains(option), rest.count >= 2 {
                moved += rest.prefix(2)
                rest.removeFirst(2)
            } else {
                break
            }
        }
        // Behind noun and verb, and before everything else, so that a `--` keeps its meaning.
        let count = nested.contains(Array(rest.prefix(2))) ? 3 : 2
        let words = rest.prefix(count).prefix { !$0.hasPrefix("-") }
        return words + moved + rest.dropFirst(words.count)
    }

    /// `--server=URL`
    private static func isJoined(_ option: String) -> Bool {
        guard let equals = option.firstIndex(of: "=") else { return false }
        return valued.contains(String(option[..<equals]))
    }
}
