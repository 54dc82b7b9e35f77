import FleetModel
import FleetOperations
import FoundationEssentials

/// Makes the first token, once, and writes it where only the server's owner can read it.
///
/// The file is durable before the server takes its token, so that a start that breaks off between the two never leaves
/// a server whose only token nobody knows; the next start takes the token from the file.
struct AdminToken {
    static let name = "admin"
    /// Far more than a token has.
    private static let byteCountMax = 1024

    let control: FleetControl
    let directory: DataDirectory

    /// Does nothing when tokens exist: a file that somebody removed stays removed.
    func prepare() async throws {
        guard try await control.tokens(PageRequest(limit: 1), by: .local).total == 0 else { return }
        if let secret = writtenBefore {
            try await control.adoptToken(secret: secret, name: Self.name, role: .admin, by: .local)
            return
        }
        let secret = FleetControl.newSecret()
        try directory.write(secret + "\n", to: directory.adminTokenFile, mode: 0o600)
        try await control.adoptToken(secret: secret, name: Self.name, role: .admin, by: .local)
    }

    private var writtenBefore: String? {
        guard let data = FileManager.default.contents(atPath: directory.adminTokenFile),
            (1...Self.byteCountMax).contains(data.count)
        else { return nil }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init)
    }
}
