package import FleetModel
package import FleetStorage
package import PayloadStore
package import UpdateModel

/// Why an act was not done.
package enum OperationError: Error {
    /// What kind of answer a transport should give.
    package enum Kind: String, Hashable, Sendable {
        case notFound, conflict, changed, invalid, unauthenticated, forbidden, storage
        /// What lies elsewhere cannot be had now.
        case unavailable
    }

    case notFound(FleetStoreError.Noun, String)
    case invalid(String, hint: String?)
    /// It is not any more what the caller saw and wanted to change.
    case changed(FleetStoreError.Noun, String)
    /// The secret is missing, malformed or unknown.
    case unauthenticated
    case forbidden(caller: String, needs: Role)
    /// A group of the payload's application is private, and the request has neither the pass nor a secret.
    case payloadIsPrivate
    case releaseHasNoPayloads(Version)
    /// It may be the target of nothing.
    case releaseBlocked(Version, ReleaseBlock)
    /// Machines on other versions than the deltas' sources could not update.
    case releaseHasOnlyDeltas(Version)
    /// Stored bits no longer hash to what they were added as.
    case bitsDiffer(version: Version, architecture: Architecture, recorded: SHA256Digest, found: SHA256Digest?)
    /// Nothing waits for a second person.
    case noMoveRequest(ChannelName)
    /// Who asked for a move, or made the rule by which the server asked for it, may not make it, too.
    case needsSecondPerson(ChannelName, String, isByRule: Bool)
    case rolloutNotStopped(Version)
    /// No alarm stands.
    case clockIsRight
    /// The group never had another release that it could go back to.
    case nothingBefore(GroupName)
    case notUndone(GroupName)
    /// The machine's updater would pass over what it is told; `engine` is `nil` where it never said what it is.
    case takesNoOrders(MachineID, engine: String?)
    /// An order to roll back stands already.
    case rollbackStands(MachineID)
    case noRollback(MachineID)
    case nothingWithheld(MachineID)
    /// As many payloads as may be are fetched from elsewhere at once.
    case fetchesTaken
    /// The payload is being fetched from elsewhere already.
    case fetchUnderWay
    /// None of the places where the payload lies gives it now; why not.
    case payloadUnavailable(Version, Architecture, reason: String)
    case store(FleetStoreError)
    case payloads(PayloadStorageError)
    case remote(RemoteFileError)

    package var kind: Kind {
        switch self {
        case .notFound: .notFound
        case .invalid: .invalid
        case .changed: .changed
        case .unauthenticated, .payloadIsPrivate: .unauthenticated
        case .forbidden, .needsSecondPerson: .forbidden
        case .releaseBlocked, .releaseHasNoPayloads, .releaseHasOnlyDeltas, .bitsDiffer, .rolloutNotStopped,
            .noMoveRequest, .clockIsRight, .nothingBefore, .notUndone, .takesNoOrders, .rollbackStands, .noRollback,
            .nothingWithheld:
            .conflict
        case .fetchesTaken, .fetchUnderWay, .remote(.notAsked): .conflict
        case .payloadUnavailable, .remote(.unavailable): .unavailable
        case .remote: .invalid
        case .store(let error): Self.kind(of: error)
        case .payloads(let error): Self.kind(of: error)
        }
    }

    private static func kind(of error: FleetStoreError) -> Kind {
        switch error {
        case .notFound: .notFound
        case .alreadyExists, .inUse, .conflict, .changed: .conflict
        case .busy, .newerDatabase, .failed, .corrupt: .storage
        }
    }

    private static func kind(of error: PayloadStorageError) -> Kind {
        switch error {
        case .notFound: .notFound
        case .tooLarge, .wrongSize, .sourceFailed: .invalid
        case .uploadUnderWay, .wrongOffset: .conflict
        case .full, .failed: .storage
        }
    }
}

extension OperationError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .notFound(let noun, let name):
            UserMessage("There is no \(noun.rawValue) “\(name)”.", exit: .badData)
        case .invalid(let text, let hint):
            UserMessage(text, hint: hint, exit: .badData)
        case .changed(let noun, let name):
            UserMessage(
                "The \(noun.rawValue) “\(name)” is not what you saw: somebody else changed it.",
                hint: "Look at it again and repeat.", exit: .tryLater)
        case .unauthenticated:
            UserMessage(
                "The request has no valid access token.", hint: "Give one with --token-file.", exit: .notPermitted)
        case .payloadIsPrivate:
            UserMessage(
                "This payload is for machines of a private group.", hint: "Show the group's secret as a password.",
                exit: .notPermitted)
        case .forbidden(let caller, let role):
            UserMessage(
                "“\(caller)” may not do this.", hint: "It needs a token with the role \(role.rawValue).",
                exit: .notPermitted)
        case .releaseHasNoPayloads(let version):
            UserMessage("Release \(version) has no payload.", hint: "Add one with “payload add”.", exit: .badData)
        case .releaseBlocked(let version, let block):
            UserMessage(
                "Release \(version) was blocked by \(block.by): \(block.reason)",
                hint: "Choose another release, or lift that with “release unblock”.", exit: .badData)
        case .releaseHasOnlyDeltas(let version):
            UserMessage(
                "Release \(version) has only a delta.", hint: "Add a full payload with “payload add”.", exit: .badData)
        case .bitsDiffer(let version, let architecture, let recorded, let found):
            UserMessage(
                "The stored payload of \(version) for \(architecture) is not the one that was added: "
                    + "recorded \(recorded), found \(found.map(\.description) ?? "nothing").",
                hint: "Nothing was moved. Delete that payload and add it again.", exit: .badData)
        case .noMoveRequest(let channel):
            UserMessage("Nothing waits for a second person at the channel “\(channel)”.", exit: .badData)
        case .needsSecondPerson(let channel, let person, let isByRule):
            UserMessage(
                isByRule
                    ? "“\(person)” made the channel “\(channel)” follow; another person is to approve what "
                        + "follows from it."
                    : "“\(person)” asked for this move of the channel “\(channel)”; another person is to approve it.",
                hint: "That takes another access token.", exit: .notPermitted)
        case .rolloutNotStopped(let version):
            UserMessage("The roll-out of \(version) is neither stopped nor paused.", exit: .badData)
        case .clockIsRight:
            UserMessage("The server's clock is believed already.", exit: .badData)
        case .nothingBefore(let group):
            UserMessage(
                "The group “\(group)” had no other release before this one.",
                hint: "Name the release to go back to with --to.", exit: .badData)
        case .notUndone(let group):
            UserMessage("The group “\(group)” is not on its way back.", exit: .badData)
        case .takesNoOrders(let machine, let engine):
            UserMessage(
                "The machine “\(machine)” takes no orders: its updater is \(engine ?? "not martletd").",
                hint: "Roll it back on the machine itself.", exit: .badData)
        case .rollbackStands(let machine):
            UserMessage(
                "The machine “\(machine)” is to roll back already.",
                hint: "See “machine show”, or take it back with --cancel.", exit: .badData)
        case .noRollback(let machine):
            UserMessage("The machine “\(machine)” has no order to roll back.", exit: .badData)
        case .nothingWithheld(let machine):
            UserMessage("Nothing is withheld from the machine “\(machine)”.", exit: .badData)
        case .fetchesTaken:
            UserMessage(
                "The server fetches \(FetchDesk.countMaximum) payloads already, which is as many as it may.",
                hint: "Wait for one of them to end.", exit: .tryLater)
        case .fetchUnderWay:
            UserMessage(
                "The server is fetching this payload already: somebody asked for it before.",
                hint: "Wait for that to end, and see “payload show”.", exit: .tryLater)
        case .payloadUnavailable(let version, let architecture, let reason):
            UserMessage(
                "The payload of \(version) for \(architecture) lies elsewhere and cannot be read again: \(reason)",
                hint: "Nothing was moved. See “payload show”.", exit: .unavailable)
        case .store(let error): error.userMessage
        case .payloads(let error): error.userMessage
        case .remote(let error): error.userMessage
        }
    }
}
