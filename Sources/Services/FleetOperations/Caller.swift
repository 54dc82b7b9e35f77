package import FleetModel

/// Who asks for an act: what is checked, and what the record of acts names.
package struct Caller: Hashable, Sendable {
    package let name: String
    package let role: Role

    package init(name: String, role: Role) {
        self.name = name
        self.role = role
    }

    /// The server itself, and everybody when authentication is switched off on a loopback address.
    package static let local = Caller(name: "local", role: .admin)
}
