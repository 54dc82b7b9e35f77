import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import Testing
import UpdateModel

@Suite struct OperationTests {
    @Test("a viewer changes nothing, a publisher only adds releases and payloads")
    func rolesAreChecked() async throws {
        let fleet = try await Fixture()
        let control = fleet.control
        let version = try Version("2.0.0")
        let (web, stable) = (try GroupName("web"), try ChannelName("stable"))
        let acts: [(Role, () async throws -> Void)] = [
            (.publisher, { _ = try await control.createRelease(version, of: os, notes: "", by: viewer) }),
            (.publisher, { _ = try await fleet.upload("2.0.0", by: viewer) }),
            (.admin, { _ = try await control.createApplication(id: os, name: "x", by: publisher) }),
            (.admin, { try await control.deleteApplication(os, by: publisher) }),
            (.admin, { try await control.deleteRelease(version, of: os, by: publisher) }),
            (.admin, { try await control.deletePayload(of: version, .amd64, in: os, by: publisher) }),
            (.admin, { _ = try await control.setChannel(stable, of: os, to: version, by: publisher) }),
            (.admin, { _ = try await control.promote(from: stable, to: stable, of: os, by: publisher) }),
            (.admin, { try await control.deleteChannel(stable, of: os, by: publisher) }),
            (.admin, { _ = try await control.changeGroup(web, of: os, GroupChange(), by: publisher) }),
            (.admin, { try await control.deleteGroup(web, of: os, by: publisher) }),
            (.admin, { try await control.resumeRollout(of: web, in: os, by: publisher) }),
            (.admin, { try await control.forgetMachine(MachineID("m"), of: os, by: publisher) }),
            (.admin, { _ = try await control.createToken(name: "x", role: .viewer, by: publisher) }),
            (.admin, { _ = try await control.tokens(.first, by: publisher) }),
            (.admin, { _ = try await control.auditEntries(.first, by: publisher) }),
        ]
        for (needed, act) in acts {
            let error = await refusal(act)
            guard case .forbidden(_, needed) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try await control.auditEntries(.first, by: admin).total == 1)
    }

    @Test("a payload is added once for each architecture, with what its bytes are")
    func payloadIsAdded() async throws {
        let fleet = try await Fixture()
        let payload = try #require(await fleet.publish("2.0.0").first)
        #expect(payload.size == UInt64("payload 2.0.0 amd64".utf8.count))
        #expect(payload.format == 2)
        let again = await refusal { _ = try await fleet.upload("2.0.0", bits: "other") }
        #expect(again?.kind == .conflict)
        let lost = await refusal { _ = try await fleet.upload("7.0.0") }
        #expect(lost?.kind == .notFound)
        #expect(try await fleet.control.payloads(of: os, version: nil, .first, by: viewer).items == [payload])
        #expect(try await fleet.control.openPayload(payload.sha256).size == payload.size)
    }

    @Test("bits that were refused are not kept, unless another release has the same")
    func refusedBitsGo() async throws {
        let fleet = try await Fixture()
        let kept = try #require(await fleet.publish("1.0.0").first)
        try await fleet.publish("2.0.0", [])
        let bad = await refusal { _ = try await fleet.upload("2.0.0", bits: "bad bits") }
        #expect(bad?.kind == .invalid)
        #expect(bad?.userMessage.text == "This is not a payload.")
        let other = await refusal { _ = try await fleet.upload("2.0.0", expecting: kept.sha256) }
        #expect(other?.kind == .invalid)
        let same = await refusal {
            _ = try await fleet.upload(
                "2.0.0", bits: "payload 1.0.0 amd64", expecting: SHA256Digest(bytes: [UInt8](repeating: 0, count: 32)))
        }
        #expect(same?.kind == .invalid)
        #expect(try await fleet.control.openPayload(kept.sha256).size == kept.size)
    }

    @Test("deleting a payload deletes its bits when nobody else has them")
    func deletedPayloadFreesItsBits() async throws {
        let fleet = try await Fixture()
        try await fleet.publish("1.0.0", [])
        try await fleet.publish("2.0.0", [])
        let first = try await fleet.upload("1.0.0", bits: "same")
        _ = try await fleet.upload("2.0.0", bits: "same")
        try await fleet.control.deletePayload(of: Version("1.0.0"), .amd64, in: os, by: admin)
        #expect(try await fleet.payloads.rehash(first.sha256) == first.sha256)
        try await fleet.control.deletePayload(of: Version("2.0.0"), .amd64, in: os, by: admin)
        await #expect(throws: PayloadStorageError.notFound(first.sha256)) {
            try await fleet.payloads.rehash(first.sha256)
        }
    }

    @Test("a secret is shown once, proves its token, and stops working when that is revoked")
    func tokensWork() async throws {
        let fleet = try await Fixture()
        let first = try #require(await fleet.control.createFirstAdminToken())
        #expect(try await fleet.control.createFirstAdminToken() == nil)
        let caller = try await fleet.control.authenticate(secret: first)
        #expect((caller.name, caller.role) == ("admin", .admin))
        let secret = FleetControl.newSecret()
        for _ in 0..<2 { try await fleet.control.adoptToken(secret: secret, name: "file", role: .viewer, by: admin) }
        #expect(try await fleet.control.authenticate(secret: secret).name == "file")
        let issued = try await fleet.control.createToken(name: "pipeline", role: .publisher, by: admin)
        #expect(issued.secret.hasPrefix("mt_\(issued.token.id)_"))
        #expect(!"\(try await fleet.control.tokens(.first, by: admin).items)".contains(issued.secret))
        #expect(try await fleet.control.authenticate(secret: issued.secret).role == .publisher)
        for wrong in [
            "", "mt", issued.secret + "0", String(issued.secret.dropLast()),
            "mt_none_" + String(repeating: "0", count: 64),
        ] {
            let error = await refusal { _ = try await fleet.control.authenticate(secret: wrong) }
            #expect(error?.kind == .unauthenticated)
        }
        try await fleet.control.revokeToken(issued.token.id, by: admin)
        #expect(
            await refusal { _ = try await fleet.control.authenticate(secret: issued.secret) }?.kind == .unauthenticated)
    }

    @Test("a group is changed field by field, within reason")
    func groupIsChanged() async throws {
        let fleet = try await Fixture()
        let web = try GroupName("web")
        _ = try await fleet.control.createGroup(
            web, of: os, track: Track("stable"), channel: ChannelName("stable"), by: admin)
        var change = GroupChange()
        change.maximumInProgress = .some(2)
        change.isEnabled = false
        var group = try await fleet.control.changeGroup(web, of: os, change, by: admin)
        #expect(group.policy.maximumInProgress == 2)
        #expect(group.policy.stopAfterFailures == 3)
        #expect(!group.policy.isEnabled)
        change = GroupChange()
        change.maximumInProgress = .some(nil)
        group = try await fleet.control.changeGroup(web, of: os, change, by: admin)
        #expect(group.policy.maximumInProgress == nil)
        #expect(!group.policy.isEnabled)
        change.stopAfterFailures = .some(0)
        #expect(
            await refusal { _ = try await fleet.control.changeGroup(web, of: os, change, by: admin) }?.kind == .invalid)
    }

    @Test("a stopped roll-out is resumed as a recorded act, and only when it is stopped")
    func rolloutIsResumed() async throws {
        let fleet = try await Fixture()
        let (web, stable) = (try GroupName("web"), try ChannelName("stable"))
        try await fleet.publish("2.0.0")
        _ = try await fleet.control.setChannel(stable, of: os, to: Version("2.0.0"), by: admin)
        let policy = RolloutPolicy(stopAfterFailures: 1)
        _ = try await fleet.control.createGroup(
            web, of: os, track: Track("stable"), channel: stable, policy: policy, by: admin)
        #expect(await refusal { try await fleet.control.resumeRollout(of: web, in: os, by: admin) }?.kind == .conflict)
        _ = try await fleet.check("m1")
        _ = try await fleet.check("m1", events: [ReportedEvent(type: 3, result: 0, code: 44)])
        #expect(try await fleet.check("m2").decision == .hold(.rolloutStopped, until: nil))
        let group = try await fleet.control.group(web, of: os, by: viewer)
        #expect(try await fleet.control.currentRollout(of: group, by: viewer)?.stop != nil)
        try await fleet.control.resumeRollout(of: web, in: os, by: admin)
        let entry = try #require(await fleet.control.auditEntries(.first, by: admin).items.first)
        #expect(entry.action == "rollout.resume")
        #expect(entry.detail.contains("m1 (code 44)"))
        guard case .offer = try await fleet.check("m2").decision else {
            Issue.record("not offered after resuming")
            return
        }
    }

    @Test("silent machines lose their places when the sweep runs")
    func sweepFreesPlaces() async throws {
        let fleet = try await Fixture()
        let stable = try ChannelName("stable")
        try await fleet.publish("2.0.0")
        _ = try await fleet.control.setChannel(stable, of: os, to: Version("2.0.0"), by: admin)
        _ = try await fleet.control.createGroup(
            GroupName("web"), of: os, track: Track("stable"), channel: stable, by: admin)
        for number in 0..<450 { _ = try await fleet.check("m\(number)") }
        #expect(try await fleet.control.expireGrants() == 0)
        fleet.time.advance(seconds: 86_400)
        #expect(try await fleet.control.expireGrants() == 450)
    }

    @Test("an application begins with alpha, beta and stable, and goes while they point nowhere")
    func defaultChannelsComeAndGo() async throws {
        let fleet = try await Fixture()
        let channels = try await fleet.control.channels(of: os, .first, by: viewer).items
        #expect(channels.map(\.name.rawValue) == ["alpha", "beta", "stable"])
        #expect(channels.allSatisfy { $0.version == nil })
        try await fleet.control.deleteApplication(os, by: admin)
        #expect(try await fleet.control.applications(.first, by: viewer).total == 0)
    }

    @Test("applications are found by id in any spelling, and by name")
    func applicationsAreFound() async throws {
        let fleet = try await Fixture()
        for text in [os.text, os.canonical, os.canonical.uppercased(), "OS"] {
            #expect(try await fleet.control.findApplication(text, by: viewer).id == os)
        }
        _ = try await fleet.control.renameApplication(os, to: "Reference OS", by: admin)
        #expect(try await fleet.control.findApplication("Reference OS", by: viewer).id == os)
        #expect(await refusal { _ = try await fleet.control.findApplication("OS", by: viewer) }?.kind == .notFound)
        #expect(
            await refusal { _ = try await fleet.control.renameApplication(os, to: "a\u{1B}b", by: admin) }?.kind
                == .invalid)
    }
}
