import FleetModel
import FleetOperations
import FoundationEssentials

/// Makes the first token, once, and writes it where only the server's owner can read it.
///
/// An empty file marks that the making began. It is there before the token is, so that a start that breaks off between
/// the two never leaves a server whose only token nobody knows.
struct AdminToken {
    static let name = "admin"

    let control: FleetControl
    let directory: DataDirectory

    /// Does nothing when tokens exist: a file that somebody removed stays removed.
    func prepare() async throws {
        switch FileManager.default.contents(atPath: directory.adminTokenFile) {
        case nil:
            guard try await control.tokens(PageRequest(limit: 1), by: .local).total == 0 else { return }
            try directory.write("", to: directory.adminTokenFile, mode: 0o600)
            try await make()
        case let data? where data.isEmpty:
            try await revokeUnknown()
            try await make()
        default: return
        }
    }

    private func make() async throws {
        let issued = try await control.createToken(name: Self.name, role: .admin, by: .local)
        try directory.write(issued.secret + "\n", to: directory.adminTokenFile, mode: 0o600)
    }

    /// A start that broke off may have made a token whose secret is lost.
    private func revokeUnknown() async throws {
        let tokens = try await control.tokens(PageRequest(limit: PageRequest.limitMaximum), by: .local)
        for token in tokens.items where token.name == Self.name {
            try await control.revokeToken(token.id, by: .local)
        }
    }
}
