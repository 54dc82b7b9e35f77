package import FleetModel

/// Who asks for an act: what is checked, and what the record of acts names.
package struct Caller: Hashable, Sendable {
    package let name: String
    package let role: Role
    /// Tells this caller from every other, whatever their names: the id of the token.
    package let principal: String

    /// - Parameter principal: `nil` is the name.
    package init(name: String, role: Role, principal: String? = nil) {
        self.name = name
        self.role = role
        self.principal = principal ?? name
    }

    /// Everybody when authentication is switched off on a loopback address, and the program before it serves.
    package static let local = Caller(name: "local", role: .admin)
    /// The server itself, where it acts by a rule that a person made.
    package static let server = Caller(name: "server", role: .admin)
}
