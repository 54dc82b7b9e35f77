import OmahaProtocol

/// The requests that a machine sends, one after the other, and what each must be answered.
struct StoryScript {
    /// What an answer must say.
    enum Expectation {
        case anything
        /// `noupdate`.
        case nothing
        /// An offer.
        case offer
        /// The status of its event.
        case acknowledgement
    }

    struct Step {
        /// A whole HTTP request, in which the machine's number is still to be set.
        let request: [UInt8]
        let machineIDs: [Range<Int>]
        let expectation: Expectation
    }

    let steps: [Step]

    init(_ settings: LoadSettings) {
        switch settings.story {
        case .health:
            let request = "GET \(settings.path) HTTP/1.1\r\nHost: 127.0.0.1:\(settings.port)\r\n\r\n"
            steps = [Step(request: Array(request.utf8), machineIDs: [], expectation: .anything)]
        case .current:
            steps = [Self.check(settings, version: settings.newVersion, expectation: .nothing)]
        case .update:
            steps = [
                Self.check(settings, version: settings.oldVersion, expectation: .offer),
                Self.report(.downloadStarted, settings), Self.report(.downloadFinished, settings),
                Self.report(.updateInstalled, settings),
                Self.check(
                    settings, version: settings.newVersion, boot: Self.secondBoot, event: .rebooted(from: settings),
                    expectation: .nothing),
            ]
        }
    }

    private static let firstBoot = "{504b8d3f-ecb2-46e7-9952-c91a4e7a132c}"
    private static let secondBoot = "{9d0c3a55-71c2-4a39-8a5e-6f2f3a1c77d1}"
    /// Stands for a machine's id until it is sent.
    private static let placeholder = String(repeating: "?", count: 32)

    private static func check(
        _ settings: LoadSettings, version: String, boot: String = firstBoot,
        event: OmahaEvent = .checkIn(previousVersion: "0.0.0.0"), expectation: Expectation
    ) -> Step {
        var app = app(settings, version: version, boot: boot)
        app.ping = OmahaRequest.Ping()
        app.updateCheck = OmahaRequest.UpdateCheck()
        app.events = [event]
        return step(app, settings, expectation)
    }

    private static func report(_ event: OmahaEvent, _ settings: LoadSettings) -> Step {
        var app = app(settings, version: settings.oldVersion, boot: firstBoot)
        app.events = [event]
        return step(app, settings, .acknowledgement)
    }

    private static func app(_ settings: LoadSettings, version: String, boot: String) -> OmahaRequest.App {
        var app = OmahaRequest.App(
            id: settings.application, version: version, track: "stable", machineID: placeholder)
        app.bootID = boot
        app.alephVersion = settings.oldVersion
        app.board = "amd64-usr"
        return app
    }

    private static func step(
        _ app: OmahaRequest.App, _ settings: LoadSettings, _ expectation: Expectation
    ) -> Step {
        let message = OmahaRequest(
            version: "update_engine-0.4.10", operatingSystem: .init(servicePack: "\(app.version)_x86_64"), apps: [app])
        let body = message.xml()
        let head =
            "POST /v1/update/ HTTP/1.1\r\nHost: 127.0.0.1:\(settings.port)\r\nContent-Type: text/xml\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        let request = Array(head.utf8) + body
        return Step(request: request, machineIDs: Self.placeholders(in: request), expectation: expectation)
    }

    private static func placeholders(in request: [UInt8]) -> [Range<Int>] {
        let wanted = Array(placeholder.utf8)
        return (0...(request.count - wanted.count)).filter { request[$0...].starts(with: wanted) }.map {
            $0..<$0 + wanted.count
        }
    }
}

extension OmahaEvent {
    /// What a machine says first after it booted a new release.
    fileprivate static func rebooted(from settings: LoadSettings) -> OmahaEvent {
        .checkIn(previousVersion: settings.oldVersion)
    }
}

extension StoryScript.Step {
    /// The request of one machine.
    func request(ofMachine number: Int) -> [UInt8] {
        var bytes = request
        let digits = Array(String(number, radix: 16).utf8)
        for range in machineIDs {
            for index in range { bytes[index] = UInt8(ascii: "0") }
            bytes.replaceSubrange(range.upperBound - digits.count..<range.upperBound, with: digits)
        }
        return bytes
    }
}

extension StoryScript.Expectation {
    /// Whether `body` says it.
    func isMet(by body: ArraySlice<UInt8>) -> Bool {
        if case .anything = self { return true }
        guard let app = try? OmahaResponse(xml: body).apps.first else { return false }  // Why does not matter here.
        switch self {
        case .anything: return true
        case .nothing: return app.updateCheck?.status == .noUpdate && app.updateCheck?.hold == nil
        case .offer: return app.updateCheck?.status == .ok && app.updateCheck?.manifests.isEmpty == false
        case .acknowledgement: return app.status == .ok && app.eventStatuses == ["ok"]
        }
    }
}
