package import FleetModel
internal import FleetStorage
package import UpdateModel

// Releases that are offered to nobody.
extension FleetControl {
    /// Offers a release to nobody any more, in whichever group, and withdraws it from machines that have it staged and
    /// have not booted it. Machines that run it stay as they are.
    package func blockRelease(
        _ version: Version, of application: ApplicationID, reason: String, by caller: Caller
    ) async throws(OperationError) -> Release {
        try require(.admin, of: caller)
        let reason = try TextRule.label.check(reason, "The reason")
        let block = ReleaseBlock(by: caller.name, at: now, reason: reason)
        let object = Self.object(application, version.text)
        try await commit(
            .blockRelease(application, version, block), by: caller, "release.block", on: object, reason)
        return try await release(version, of: application, by: caller)
    }

    /// Lets the release be offered again, under the rules of each group.
    package func unblockRelease(_ version: Version, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Release
    {
        try require(.admin, of: caller)
        let object = Self.object(application, version.text)
        try await commit(.blockRelease(application, version, nil), by: caller, "release.unblock", on: object)
        return try await release(version, of: application, by: caller)
    }

    /// - Throws: ``OperationError/releaseBlocked(_:_:)``.
    func requireUnblocked(_ version: Version, of application: ApplicationID, by caller: Caller)
        async throws(OperationError)
    {
        if let block = try await release(version, of: application, by: caller).block {
            throw .releaseBlocked(version, block)
        }
    }

    /// Who blocked what the machine would go to, and why; `nil` where that is not blocked any more.
    func blockWords(for machine: Machine, by caller: Caller) async throws(OperationError) -> String? {
        guard let way = try await way(of: machine, by: caller) else { return nil }
        let target = try await reading { () async throws(FleetStoreError) in
            try await store.release(way.target, of: machine.application)
        }
        let blocked = [target, way.floor].compactMap { $0 }.first { $0.block != nil }
        return blocked.flatMap { release in
            release.block.map { "\(release.version), by \($0.by): \($0.reason)" }
        }
    }
}
