import FoundationEssentials
import OmahaProtocol
import UpdateModel

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Makes messages that no sane peer would send, but that the protocol can carry.
struct RandomMessages {
    private var numbers: SeededNumbers

    init(seed: UInt64) { numbers = SeededNumbers(seed: seed) }

    /// Everything here is allowed in XML 1.0 in some spelling.
    private static let pieces = [
        "", "a", "0", " ", "  ", "\t", "\n", "\r", "\r\n", "\"", "'", "<", ">", "&", "&amp;", "&#0;", "]]>", "<!--",
        "-->",
        "<?", "%s", "{", "}", "é", "e\u{301}", "日本", "👩‍👩‍👧", "\u{7F}", "\u{85}", "\u{9F}", "\u{A0}", "\u{2028}",
        "\u{FEFF}",
        "\u{FFFD}", "\u{E000}", "\u{10FFFF}", "\u{1FFFE}", "<!DOCTYPE x>", "stable", "4230.2.3",
    ]

    mutating func chance() -> Bool { Bool.random(using: &numbers) }

    mutating func count() -> Int { Int.random(in: 0...3, using: &numbers) }

    mutating func text() -> String {
        (0..<Int.random(in: 0...6, using: &numbers)).map { _ in Self.pieces.randomElement(using: &numbers) ?? "" }
            .joined()
    }

    mutating func optionalText() -> String? { chance() ? text() : nil }

    mutating func number() -> Int {
        chance() ? Int.random(in: -3...3, using: &numbers) : Int.random(in: .min ... .max, using: &numbers)
    }

    mutating func optionalNumber() -> Int? { chance() ? number() : nil }

    mutating func digest() -> SHA256Digest? {
        chance() ? SHA256Digest(bytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &numbers) }) : nil
    }
}

extension RandomMessages {
    mutating func request() -> OmahaRequest {
        var system: OmahaRequest.OperatingSystem?
        if chance() {
            system = OmahaRequest.OperatingSystem(servicePack: text(), architecture: optionalText())
            system?.version = text()
            system?.platform = text()
        }
        var request = OmahaRequest(
            version: text(), installSource: optionalText().map(OmahaInstallSource.init), operatingSystem: system,
            apps: (0..<count()).map { _ in requestApp() })
        request.protocolVersion = text()
        request.updaterVersion = optionalText()
        request.isMachine = chance() ? chance() : nil
        request.requestID = optionalText()
        request.sessionID = optionalText()
        request.userID = optionalText()
        request.testSource = optionalText()
        return request
    }

    private mutating func requestApp() -> OmahaRequest.App {
        var app = OmahaRequest.App(id: text(), version: text(), track: text(), machineID: text())
        app.bootID = text()
        app.oem = text()
        app.oemVersion = text()
        app.alephVersion = text()
        app.machineAlias = text()
        app.language = text()
        app.board = text()
        app.hardwareClass = text()
        app.acceptsDeltas = chance()
        app.client = optionalText()
        app.installAge = optionalNumber()
        app.nextVersion = optionalText()
        app.fromTrack = optionalText()
        app.acceptsMultipleManifests = chance()
        app.bootedSlot = chance() ? .b : nil
        app.engine = optionalText()
        app.ping = chance() ? ping() : nil
        app.updateCheck = chance() ? OmahaRequest.UpdateCheck(targetVersionPrefix: optionalText()) : nil
        app.events = (0..<count()).map { _ in event() }
        return app
    }

    private mutating func ping() -> OmahaRequest.Ping {
        var ping = OmahaRequest.Ping(isActive: chance())
        ping.daysSinceActive = optionalNumber()
        ping.daysSinceRollCall = optionalNumber()
        ping.activeDay = optionalNumber()
        ping.rollCallDay = optionalNumber()
        return ping
    }

    private mutating func event() -> OmahaEvent {
        let code = chance() ? OmahaErrorCode(rawValue: Int32(truncatingIfNeeded: number())) : nil
        var event = OmahaEvent(
            OmahaEventType(rawValue: number()), OmahaEventResult(rawValue: number()), errorCode: code,
            previousVersion: optionalText())
        event.nextVersion = optionalText()
        event.reason = optionalText()
        event.failedVersion = optionalText()
        event.failedDigest = digest()
        event.actID = chance() ? actID() : nil
        return event
    }
}

extension RandomMessages {
    mutating func response() -> OmahaResponse {
        var dayStart: OmahaResponse.DayStart?
        if chance() { dayStart = OmahaResponse.DayStart(elapsedSeconds: number(), elapsedDays: optionalNumber()) }
        var response = OmahaResponse(server: text(), dayStart: dayStart, apps: (0..<count()).map { _ in responseApp() })
        response.protocolVersion = text()
        return response
    }

    private mutating func responseApp() -> OmahaResponse.App {
        OmahaResponse.App(
            id: text(), status: OmahaAppStatus(rawValue: text()), pingStatus: optionalText(),
            updateCheck: chance() ? updateCheck() : nil, eventStatuses: (0..<count()).map { _ in text() })
    }

    /// Those that count: not empty, and at most 64 bytes.
    private mutating func actID() -> String { "<\(number())&>" }

    private mutating func updateCheck() -> OmahaResponse.UpdateCheck {
        var check = OmahaResponse.UpdateCheck(
            status: chance() ? .ok : OmahaUpdateCheckStatus(rawValue: text()), pollIntervalSeconds: optionalNumber(),
            hold: chance() ? hold() : nil, codebases: (0..<count()).map { _ in text() },
            manifests: (0..<count()).map { _ in manifest() })
        if chance() {
            check.act = OmahaAct(chance() ? .rollback : .init(rawValue: "other"), id: actID(), text: optionalText())
        }
        check.isHoldLifted = chance()
        return check
    }

    private mutating func hold() -> OmahaHold {
        let seconds = Double(Int.random(in: 0..<253_402_300_800, using: &numbers))
        return OmahaHold(
            reason: text(), text: optionalText(), until: chance() ? Date(timeIntervalSince1970: seconds) : nil)
    }

    private mutating func manifest() -> OmahaResponse.Manifest {
        var manifest = OmahaResponse.Manifest(
            version: text(), packages: (0..<count()).map { _ in package() },
            actions: (0..<count()).map { _ in action() })
        manifest.isFloor = chance()
        manifest.isTarget = chance()
        manifest.floorReason = optionalText()
        return manifest
    }

    private mutating func package() -> OmahaResponse.Package {
        var package = OmahaResponse.Package(
            name: text(), size: Int64(number()), sha1Base64: optionalText(), sha256: digest(), isRequired: chance())
        package.metadata = (0..<count()).map { _ in OmahaResponse.Metadata(contentType: text(), text: text()) }
        return package
    }

    private mutating func action() -> OmahaResponse.Action {
        var action = OmahaResponse.Action(
            event: chance() ? .postinstall : OmahaActionEvent(rawValue: text()), sha256: digest())
        action.displayVersion = optionalText()
        action.needsAdmin = chance()
        action.isDeltaPayload = chance()
        action.disablesPayloadBackoff = chance()
        action.failureCountPerURLMax = optionalNumber()
        action.metadataSignatureRSA = optionalText()
        action.metadataSize = optionalText()
        action.deadline = optionalText()
        action.chromeOSVersion = optionalText()
        action.isDelta = optionalText()
        action.manifestSize = optionalText()
        action.manifestSignatureRSA = optionalText()
        action.daysToScatterMax = optionalText()
        action.moreInfo = optionalText()
        action.prompt = optionalText()
        action.run = optionalText()
        action.arguments = optionalText()
        action.successAction = optionalText()
        return action
    }
}
