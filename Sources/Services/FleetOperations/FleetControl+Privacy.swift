internal import ContentTrust
package import FleetModel
internal import FleetStorage
package import PayloadStore
internal import Synchronization
package import UpdateModel

/// A new secret of a group, with its text, which is shown this once and kept nowhere.
package struct IssuedGroupSecret: Hashable, Sendable {
    package let secret: GroupSecret
    package let text: String
}

// Private groups: machines show a secret, and downloads need a pass. A secret's text is `gs_<id>_<64 digits>`.
extension FleetControl {
    /// Makes a secret; with its first one a group is private.
    package func createGroupSecret(of name: GroupName, in application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> IssuedGroupSecret
    {
        try require(.admin, of: caller)
        let group = try await group(name, of: application, by: caller)
        guard group.secrets.count < GroupSecret.countMaximum else {
            throw .invalid(
                "The group “\(name)” has \(GroupSecret.countMaximum) secrets, which is as many as may be.",
                hint: "Revoke one that no machine shows any more.")
        }
        var random = SystemRandomNumberGenerator()
        let id = Hexadecimal.encode(Self.randomBytes(6, &random))
        let text = "gs_\(id)_\(Hexadecimal.encode(Self.randomBytes(32, &random)))"
        guard let name = try? GroupSecretID(id) else { preconditionFailure("twelve digits are a name") }
        let secret = GroupSecret(id: name, digest: Self.secretDigest(of: text), by: caller.name, at: now)
        try await put(group.secrets + [secret], on: group, "group.secret-create", id, by: caller)
        return IssuedGroupSecret(secret: secret, text: text)
    }

    /// The secret is worth nothing from now on.
    /// - Parameter opensGroup: whether the group's last secret may go, without which the group is open to everybody.
    package func revokeGroupSecret(
        _ id: GroupSecretID, of name: GroupName, in application: ApplicationID, opensGroup: Bool = false,
        by caller: Caller
    ) async throws(OperationError) {
        try require(.admin, of: caller)
        let group = try await group(name, of: application, by: caller)
        let rest = group.secrets.filter { $0.id != id }
        guard rest.count < group.secrets.count else { throw .notFound(.secret, id.rawValue) }
        guard !rest.isEmpty || opensGroup else {
            throw .invalid(
                "It is the last secret of the group “\(name)”, which would be open to everybody without it.",
                hint: "Make another one first, or say that the group shall be open.")
        }
        try await put(rest, on: group, "group.secret-revoke", id.rawValue, by: caller)
    }

    private func put(
        _ secrets: [GroupSecret], on group: Group, _ action: String, _ id: String, by caller: Caller
    ) async throws(OperationError) {
        let change = FleetChange.setGroupSecrets(group.application, group.name, from: group.secrets, to: secrets)
        let object = Self.object(group.application, group.name.rawValue)
        let words = secrets.isEmpty ? "secret \(id); the group is open" : "secret \(id); \(secrets.count) in all"
        try await commit(change, by: caller, action, on: object, words)
    }

    /// What a machine's secret is compared by.
    package static func secretDigest(of text: String) -> SHA256Digest { StreamDigest.digest(of: Array(text.utf8)) }
}

// Downloads.
extension FleetControl {
    /// What stands in the URL of a payload for machines that may have it: the same for all of them, and made with a key
    /// that only the server has. It opens this payload and nothing else.
    package func payloadPass(for digest: SHA256Digest) async throws(OperationError) -> String {
        let key = try await payloadKey()
        return String(MessageCode.sha256(of: digest.bytes, key: key).hexadecimal.prefix(32))
    }

    /// It is made once and never changes, so the store is asked once: an offer or a download then waits for no writer.
    private func payloadKey() async throws(OperationError) -> [UInt8] {
        if let key = passKey.bytes { return key }
        var random = SystemRandomNumberGenerator()
        let fresh = Self.randomBytes(SHA256Digest.byteCount, &random)
        let key = try await reading { () async throws(FleetStoreError) in try await store.payloadKey(orKeeping: fresh) }
        passKey.bytes = key
        return key
    }

    /// Opens stored bits for a download. They are open to all while no group of their application is private; then the
    /// payload's pass opens them, or a secret of a private group.
    /// - Throws: among others ``OperationError/payloadIsPrivate``.
    package func openPayload(_ digest: SHA256Digest, pass: String?, secret: SHA256Digest?)
        async throws(OperationError) -> any PayloadReader
    {
        guard try await isOpen(digest, pass, secret) else { throw .payloadIsPrivate }
        return try await openPayload(digest)
    }

    /// Several applications may have the same bits: one that is open opens them.
    private func isOpen(_ digest: SHA256Digest, _ pass: String?, _ secret: SHA256Digest?) async throws(OperationError)
        -> Bool
    {
        let applications = try await reading { () async throws(FleetStoreError) in
            try await store.applications(withPayload: digest)
        }
        var closed: [Group] = []
        for application in applications {
            let groups = try await reading { () async throws(FleetStoreError) in
                try await store.privateGroups(of: application)
            }
            if groups.isEmpty { return true }
            closed += groups
        }
        if applications.isEmpty || closed.contains(where: { $0.admits(secret) }) { return true }
        guard let pass else { return false }
        let expected = try await payloadPass(for: digest)
        return ConstantTime.areEqual(Array(pass.utf8), Array(expected.utf8))
    }
}

/// The key of passes, once the store has told it.
final class PassKey: Sendable {
    private let known = Mutex<[UInt8]?>(nil)

    var bytes: [UInt8]? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }
}

/// A keyed digest.
///
/// Source: RFC 2104, section 2, with SHA-256 (blocks of 64 bytes).
enum MessageCode {
    private static let blockByteCount = 64

    /// - Parameter key: at most 64 bytes.
    static func sha256(of message: [UInt8], key: [UInt8]) -> SHA256Digest {
        precondition(key.count <= blockByteCount)
        let block = key + [UInt8](repeating: 0, count: blockByteCount - key.count)
        let inner = StreamDigest.digest(of: block.map { $0 ^ 0x36 } + message)
        return StreamDigest.digest(of: block.map { $0 ^ 0x5C } + inner.bytes)
    }
}
