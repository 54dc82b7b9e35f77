import ArgumentParser
import FleetModel
import UpdateModel

// Arguments that cannot be wrong once they are parsed. The parser names the argument; these say what it takes.
extension Version {
    static func parse(_ text: String) throws -> Version {
        guard let version = try? Version(text) else {
            throw ValidationError("“\(text)” is not a version; use one such as 2.0.0.")
        }
        return version
    }
}

extension Architecture {
    static func parse(_ text: String) throws -> Architecture {
        guard let architecture = Architecture(text) else {
            throw ValidationError("“\(text)” is not an architecture; use amd64, arm64 or i386.")
        }
        return architecture
    }
}

extension PayloadURL {
    static func parse(_ text: String) throws -> PayloadURL {
        do { return try PayloadURL(text) } catch { throw ValidationError(error.userMessage.line) }
    }
}

extension SHA256Digest {
    static func parse(_ text: String) throws -> SHA256Digest {
        guard let digest = SHA256Digest(hexadecimal: text) else {
            throw ValidationError("“\(text)” is not a SHA-256; it has 64 hexadecimal digits.")
        }
        return digest
    }
}

extension ApplicationID {
    static func parse(_ text: String) throws -> ApplicationID {
        guard let id = try? ApplicationID(text) else {
            throw ValidationError("“\(text)” is not an application's id; use a GUID or a plain name.")
        }
        return id
    }
}

extension Identifier {
    static func parse(_ text: String) throws -> Identifier {
        guard let name = try? Identifier(text) else {
            throw ValidationError("“\(text)” is not a name; use 1 to 128 letters, digits or any of . _ : @ -")
        }
        return name
    }
}

extension Role {
    static func parse(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text) else {
            throw ValidationError("“\(text)” is not a role; use \(allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return role
    }
}

/// The application that a command is about.
struct ApplicationOption: ParsableArguments {
    @Option(help: ArgumentHelp("The application: its id or its name.", valueName: "application"))
    var app: String
}
