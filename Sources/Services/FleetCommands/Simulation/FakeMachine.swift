import OmahaProtocol

/// A machine that has no disk and no system: it asks, is answered and reports, one exchange at a time.
///
///     asks ─→ offered ─→ downloading ─→ downloaded ─→ installed ─→ asks, on the new release
///
/// It touches nothing: ``request()`` says what it sends next, ``hear(_:)`` takes the answer.
struct FakeMachine: Sendable {
    enum Kind: String, CaseIterable, Codable, Sendable {
        /// Does what it is told.
        case honest
        /// The same, and lets ``FakeMachine/pause`` turns go by before each step.
        case slow
        /// Takes an offer and is never heard of again: half of them at once, half when they have installed it.
        case silent
        /// Takes every offer, and reports that it failed.
        case failing
        /// Reports what never happened, under absurd versions and names, or sends what is no Omaha at all.
        case lying
    }

    enum Step: Hashable, Sendable {
        case asking
        case offered(String)
        case downloading(String)
        case downloaded(String)
        case installed(String)
        case gone
    }

    /// What it sends in one turn.
    enum Message {
        case omaha(OmahaRequest)
        case bytes([UInt8])
    }

    static let pause = 3

    let id: String
    let kind: Kind
    let settings: FleetRunSettings
    private(set) var version: String
    private(set) var step = Step.asking
    /// Updates that came up, and that it reported as failed.
    private(set) var updates = 0
    private(set) var failures = 0
    private(set) var offers = 0
    /// The reason that it was told at its last check.
    private(set) var hold: String?
    private var previousVersion = "0.0.0.0"
    private var boot = 1
    private var turnsToPause = 0
    private var chance: Chance

    init(number: Int, kind: Kind, settings: FleetRunSettings) {
        self.kind = kind
        self.settings = settings
        chance = Chance(seed: settings.seed, stream: UInt64(number))
        version = settings.version
        id = "\(settings.prefix)-\(number)"
    }

    /// What it sends in this turn; `nil` where it says nothing.
    mutating func request() -> Message? {
        if kind == .slow, step != .asking {
            turnsToPause -= 1
            guard turnsToPause <= 0 else { return nil }
            turnsToPause = Self.pause
        }
        if kind == .lying { return lie() }
        switch step {
        case .asking: return .omaha(message(check: true, .checkIn(previousVersion: previousVersion)))
        case .offered: return .omaha(message(.downloadStarted))
        case .downloading: return kind == .failing ? fail() : .omaha(message(.downloadFinished))
        case .downloaded: return .omaha(message(.updateInstalled))
        case .installed(let target): return reboot(into: target)
        case .gone: return nil
        }
    }

    /// Takes the answer to what it sent last.
    mutating func hear(_ answer: OmahaResponse.App) {
        previousVersion = ""
        switch step {
        case .asking: step = heardOffer(answer)
        case .offered(let target): step = .downloading(target)
        case .downloading(let target): step = kind == .failing ? .asking : .downloaded(target)
        case .downloaded(let target): step = kind == .silent ? .gone : .installed(target)
        case .installed, .gone: break
        }
    }

    private mutating func heardOffer(_ answer: OmahaResponse.App) -> Step {
        hold = answer.updateCheck?.hold?.reason
        guard answer.updateCheck?.status == .ok, let target = answer.updateCheck?.manifests.first?.version,
            target != version
        else { return .asking }
        offers += 1
        turnsToPause = Self.pause
        if kind == .silent, chance.next(below: 2) == 0 { return .gone }
        return .offered(target)
    }
}

// What it says.
extension FakeMachine {
    private mutating func reboot(into target: String) -> Message {
        previousVersion = version
        version = target
        boot += 1
        updates += 1
        step = .asking
        return .omaha(message(check: true, .checkIn(previousVersion: previousVersion)))
    }

    private mutating func fail() -> Message {
        failures += 1
        return .omaha(message(.failed(OmahaErrorCode(rawValue: 7), reason: "a fake machine fails as it is told to")))
    }

    private func message(check: Bool = false, _ event: OmahaEvent) -> OmahaRequest {
        var app = OmahaRequest.App(id: settings.application, version: version, track: settings.track, machineID: id)
        app.bootID = "\(id)-boot-\(boot)"
        app.engine = "martlet-fleet/1"
        app.events = [event]
        if check {
            app.ping = OmahaRequest.Ping()
            app.updateCheck = OmahaRequest.UpdateCheck()
        }
        return OmahaRequest(
            version: "martlet-fleet", operatingSystem: .init(servicePack: "", architecture: settings.architecture),
            apps: [app])
    }

    private mutating func lie() -> Message {
        var event = OmahaEvent.updateInstalled
        var liar = self
        switch chance.next(below: 6) {
        case 0: liar.version = "99999999999.0.0"
        case 1: event = .checkIn(previousVersion: "0.0.1")
        case 2: event = .failed(OmahaErrorCode(rawValue: Int32.min), reason: String(repeating: "lie ", count: 300))
        case 3: event.nextVersion = "7.7.7"
        case 4: return .bytes(Array("<request><app appid=".utf8))
        default:
            var request = message(check: true, event)
            request.apps[0].machineID = String(repeating: "é", count: 200)
            return .omaha(request)
        }
        return .omaha(liar.message(check: true, event))
    }
}

/// Chance that can be had again.
///
/// Source: SplitMix64; Steele, Lea and Flood, “Fast splittable pseudorandom number generators”, 2014.
struct Chance: Sendable {
    private var state: UInt64

    /// - Parameter stream: numbers of different streams have nothing to do with each other.
    init(seed: UInt64, stream: UInt64) {
        state = seed &+ stream &* 0xD134_2543_DE82_EF95
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// Less than `bound`.
    mutating func next(below bound: UInt64) -> UInt64 { next() % bound }
}
