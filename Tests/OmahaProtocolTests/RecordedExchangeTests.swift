import OmahaProtocol
import Testing
import UpdateModel

/// What a real daemon and a real server said to each other, field by field.
@Suite("Recorded exchanges")
struct RecordedExchangeTests {
    @Test("a recorded request says who asks", arguments: 1...4)
    func envelope(number: Int) throws {
        let request = try OmahaRequest(xml: Recorded.bytes("\(number)-request.xml"))
        #expect(request.protocolVersion == "3.0")
        #expect(request.version == "update_engine-0.4.10")
        #expect(request.updaterVersion == "update_engine-0.4.10")
        #expect(request.installSource == .onDemand)
        #expect(request.isMachine == true)
        #expect([request.requestID, request.sessionID, request.userID, request.testSource] == [nil, nil, nil, nil])
        let system = try #require(request.operatingSystem)
        #expect(system.version == "Chateau")
        #expect(system.platform == "CoreOS")
        #expect(system.servicePack == "3000.0.0_x86_64")
        #expect(system.architecture == nil)
        #expect(request.apps.count == 1)
    }

    @Test("a recorded request says which machine asks about what", arguments: 1...4)
    func app(number: Int) throws {
        let request = try OmahaRequest(xml: Recorded.bytes("\(number)-request.xml"))
        let app = try #require(request.apps.first)
        #expect(app.id == "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}")
        #expect(app.applicationID == .flatcar)
        #expect(app.version == "3000.0.0")
        #expect(app.track == "stable")
        #expect(app.bootID == "{504b8d3f-ecb2-46e7-9952-c91a4e7a132c}")
        #expect([app.oem, app.oemVersion, app.machineAlias, app.hardwareClass] == ["", "", "", ""])
        #expect(app.alephVersion == "3000.0.0")
        #expect(app.machineID == Recorded.machine)
        #expect(app.language == "en-US")
        #expect(app.board == "amd64-usr")
        #expect(!app.acceptsDeltas)
        #expect(!app.acceptsMultipleManifests)
        #expect(app.installAge == nil)
        #expect([app.client, app.nextVersion, app.fromTrack, app.engine] == [nil, nil, nil, nil])
        #expect(app.bootedSlot == nil)
        #expect(request.architecture(of: app) == .amd64)
    }

    @Test("the first request is a ping, a check and a report of the first start")
    func check() throws {
        let app = try #require(try OmahaRequest(xml: Recorded.bytes("1-request.xml")).apps.first)
        #expect(app.ping == OmahaRequest.Ping())
        #expect(app.updateCheck == OmahaRequest.UpdateCheck())
        #expect(app.events == [.checkIn(previousVersion: "0.0.0.0")])
    }

    @Test(
        "the other requests report one event each",
        arguments: [(2, OmahaEvent.downloadStarted), (3, .downloadFinished), (4, .updateInstalled)])
    func event(number: Int, event: OmahaEvent) throws {
        let app = try #require(try OmahaRequest(xml: Recorded.bytes("\(number)-request.xml")).apps.first)
        #expect(app.ping == nil)
        #expect(app.updateCheck == nil)
        #expect(app.events == [event])
    }

    @Test("the first response is an offer")
    func offer() throws {
        let response = try OmahaResponse(xml: Recorded.bytes("1-response.xml"))
        #expect(response.protocolVersion == "3.0")
        #expect(response.server == "nebraska")
        #expect(response.dayStart == OmahaResponse.DayStart(elapsedSeconds: 0))
        let app = try #require(response.apps.first)
        #expect(response.apps.count == 1)
        #expect(app.id == "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}")
        #expect(app.status == .ok)
        #expect(app.pingStatus == "ok")
        #expect(app.eventStatuses == ["ok"])
        let check = try #require(app.updateCheck)
        #expect(check.status == .ok)
        #expect(check.pollIntervalSeconds == nil)
        #expect(check.hold == nil)
        #expect(check.codebases == ["http://127.0.0.1:18082/"])
        #expect(check.manifests.count == 1)
    }

    @Test("the offer names one package and one action")
    func manifest() throws {
        let response = try OmahaResponse(xml: Recorded.bytes("1-response.xml"))
        let manifest = try #require(response.apps.first?.updateCheck?.manifests.first)
        #expect(manifest.version == "4000.0.0")
        #expect(!manifest.isFloor)
        #expect(!manifest.isTarget)
        #expect(
            manifest.packages == [
                OmahaResponse.Package(
                    name: "payload.crau", size: 543_635, sha1Base64: "DP1QoFx1kV2XS9Ug+ySAFb4m8D4=")
            ])
        var action = OmahaResponse.Action(event: .postinstall, sha256: Self.payloadDigest)
        action.disablesPayloadBackoff = true
        #expect(manifest.actions == [action])
    }

    @Test("the offer is accepted, with everything needed to fetch it")
    func accepted() throws {
        let response = try OmahaResponse(xml: Recorded.bytes("1-response.xml"))
        guard case .offer(let offer) = response.answer(for: .flatcar) else {
            Issue.record("The recorded offer was not taken.")
            return
        }
        #expect(offer.version == "4000.0.0")
        #expect(offer.urls == ["http://127.0.0.1:18082/payload.crau"])
        #expect(offer.packageName == "payload.crau")
        #expect(offer.size == 543_635)
        #expect(offer.digest == Self.payloadDigest)
        #expect(offer.extraPackages.isEmpty)
        #expect(offer.disablesPayloadBackoff)
        #expect(!offer.isDelta)
        #expect(offer.failureCountPerURLMax == 10)
        #expect(offer.deadline == nil)
        #expect(offer.pollInterval == nil)
    }

    @Test("the other responses acknowledge one event each", arguments: 2...4)
    func acknowledgement(number: Int) throws {
        let response = try OmahaResponse(xml: Recorded.bytes("\(number)-response.xml"))
        let app = OmahaResponse.App(id: "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}", eventStatuses: ["ok"])
        #expect(response == OmahaResponse(server: "nebraska", apps: [app]))
    }

    @Test("what was read is written again byte for byte", arguments: 1...4)
    func sameBytes(number: Int) throws {
        let request = try Recorded.bytes("\(number)-request.xml")
        #expect(try OmahaRequest(xml: request).xml() == request)
        let response = try Recorded.bytes("\(number)-response.xml")
        #expect(try OmahaResponse(xml: response).xml() == response)
    }

    @Test("our own answer to the recorded check has the recorded form")
    func ownAnswer() throws {
        let request = try OmahaRequest(xml: Recorded.bytes("1-request.xml"))
        let payload = OmahaResponse.Package(
            name: "payload.crau", size: 543_635, sha1Base64: "DP1QoFx1kV2XS9Ug+ySAFb4m8D4=")
        let check = OmahaResponse.UpdateCheck.offer(
            version: "4000.0.0", codebases: ["http://127.0.0.1:18082/"], payload: payload,
            digest: try #require(Self.payloadDigest))
        let app = OmahaResponse.App(acknowledging: try #require(request.apps.first), updateCheck: check)
        #expect(try OmahaResponse(server: "nebraska", apps: [app]).xml() == Recorded.bytes("1-response.xml"))
    }

    private static let payloadDigest = SHA256Digest(base64: "pk0RJgHHe/LYgX1Wm41CDA7awC4Z3HXK6C4UET9e9Do=")
}
