import FoundationEssentials

/// Reads the settings file with a limit.
enum SettingsFile {
    /// Far above any real settings file: a mistaken path must not fill the memory.
    static let byteCountMax = 1 << 20

    /// The file's text, or `nil` when there is none and that is allowed.
    static func read(_ path: String, mayBeMissing: Bool) throws(SettingsError) -> String? {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else {
            if mayBeMissing { return nil }
            throw .unreadable(file: path, reason: "there is no such file")
        }
        guard let handle = manager.contents(atPath: path) else {
            throw .unreadable(file: path, reason: "is it a file, and may this user read it?")
        }
        guard handle.count <= byteCountMax else { throw .unreadable(file: path, reason: "it is larger than 1 MiB") }
        guard let text = String(validating: handle, as: UTF8.self) else {
            throw .malformed(file: path, reason: "it is not UTF-8 text")
        }
        return text
    }
}
