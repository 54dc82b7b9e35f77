package import FleetModel
internal import FleetStorage
package import UpdateModel

// Applications and releases.
extension FleetControl {
    package func applications(_ page: PageRequest, by caller: Caller) async throws(OperationError) -> Page<Application>
    {
        try require(.viewer, of: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.applications(page) }
    }

    package func application(_ id: ApplicationID, by caller: Caller) async throws(OperationError) -> Application {
        try require(.viewer, of: caller)
        let value = try await reading { () async throws(FleetStoreError) in try await store.application(id) }
        return try found(value, .application, id.text)
    }

    /// Finds an application by its id or, where no id is written so, by its name.
    package func findApplication(_ text: String, by caller: Caller) async throws(OperationError) -> Application {
        try require(.viewer, of: caller)
        // Text that cannot be an id may still be a name.
        if let id = try? ApplicationID(text),
            let match = try await reading({ () async throws(FleetStoreError) in try await store.application(id) })
        {
            return match
        }
        let match = try await reading { () async throws(FleetStoreError) in try await store.application(named: text) }
        return try found(match, .application, text)
    }

    /// Makes an application with the channels ``defaultChannels``, which point nowhere yet.
    package func createApplication(id: ApplicationID, name: String, by caller: Caller)
        async throws(OperationError) -> Application
    {
        try require(.admin, of: caller)
        let name = try TextRule.label.check(name, "The application's name")
        let application = Application(id: id, name: name, createdAt: now)
        let change = FleetChange.createApplication(application, channels: Self.defaultChannels)
        try await commit(change, by: caller, "application.create", on: id.canonical, name)
        return application
    }

    package func renameApplication(_ id: ApplicationID, to name: String, by caller: Caller)
        async throws(OperationError) -> Application
    {
        try require(.admin, of: caller)
        var application = try await self.application(id, by: caller)
        application.name = try TextRule.label.check(name, "The application's name")
        try await commit(.updateApplication(application), by: caller, "application.set", on: id.canonical, name)
        return application
    }

    /// Channels that point nowhere go with it. Refused while it has releases, other channels, groups or machines.
    package func deleteApplication(_ id: ApplicationID, by caller: Caller) async throws(OperationError) {
        try require(.admin, of: caller)
        try await commit(.deleteApplication(id), by: caller, "application.delete", on: id.canonical)
    }

    package func releases(of application: ApplicationID, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<Release>
    {
        _ = try await self.application(application, by: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.releases(of: application, page) }
    }

    package func release(_ version: Version, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Release
    {
        try require(.viewer, of: caller)
        let value = try await reading { () async throws(FleetStoreError) in
            try await store.release(version, of: application)
        }
        return try found(value, .release, version.text)
    }

    package func createRelease(_ version: Version, of application: ApplicationID, notes: String, by caller: Caller)
        async throws(OperationError) -> Release
    {
        try require(.publisher, of: caller)
        let notes = try TextRule.notes.check(notes, "The notes")
        let release = Release(application: application, version: version, notes: notes, createdAt: now)
        let object = Self.object(application, version.text)
        try await commit(.createRelease(release), by: caller, "release.create", on: object)
        return release
    }

    package func setNotes(_ notes: String, ofRelease version: Version, in application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Release
    {
        try require(.publisher, of: caller)
        var release = try await self.release(version, of: application, by: caller)
        release.notes = try TextRule.notes.check(notes, "The notes")
        let object = Self.object(application, version.text)
        try await commit(.updateRelease(release), by: caller, "release.set", on: object, "notes")
        return release
    }

    /// Refused while it has payloads or a channel points at it.
    package func deleteRelease(_ version: Version, of application: ApplicationID, by caller: Caller)
        async throws(OperationError)
    {
        try require(.admin, of: caller)
        let object = Self.object(application, version.text)
        try await commit(.deleteRelease(application, version), by: caller, "release.delete", on: object)
    }

    /// `alpha`, `beta`, `stable`.
    package static let defaultChannels = ["alpha", "beta", "stable"].compactMap { try? ChannelName($0) }

    /// How the record of acts names a thing of an application.
    static func object(_ application: ApplicationID, _ parts: String...) -> String {
        ([application.canonical] + parts).joined(separator: "/")
    }
}
