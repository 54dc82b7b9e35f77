package import UpdateModel

/// A settings file is wrong.
package struct SettingsError: Error, Hashable {
    package var path: String
    /// Dotted, such as `schedule.interval`.
    package var key: String?
    package var reason: String

    package init(path: String, key: String?, reason: String) {
        self.path = path
        self.key = key
        self.reason = reason
    }
}

extension SettingsError: UserFacingError {
    package var userMessage: UserMessage {
        let place = key.map { "\(path): “\($0)”" } ?? path
        return UserMessage("\(place): \(reason).", hint: "See dist/martletd.toml for every key.", exit: .configuration)
    }
}
