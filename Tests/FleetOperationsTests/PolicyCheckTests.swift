import FleetModel
import FleetOperations
import FleetStorage
import Testing
import UpdateModel

@Suite("Policies that make no sense are refused with the reason")
struct PolicyCheckTests {
    static let wrong: [(String, @Sendable (inout RolloutPolicy) -> Void)] = [
        ("A ramp takes from 1 second", { $0.ramp = .linear(seconds: 0) }),
        ("A ramp takes from 1 second", { $0.ramp = .linear(seconds: -5) }),
        ("A ramp has from 1 to 100 steps", { $0.ramp = .steps([]) }),
        (
            "The ramp goes back: 50 % after 60 s, then 40 % after 120 s",
            {
                $0.ramp = .steps([Ramp.Step(afterSeconds: 60, percent: 50), Ramp.Step(afterSeconds: 120, percent: 40)])
            }
        ),
        (
            "The ramp goes back: 50 % after 60 s, then 60 % after 30 s",
            {
                $0.ramp = .steps([Ramp.Step(afterSeconds: 60, percent: 50), Ramp.Step(afterSeconds: 30, percent: 60)])
            }
        ),
        ("A step is within a year", { $0.ramp = .steps([Ramp.Step(afterSeconds: 0, percent: 101)]) }),
        ("A rate is 1 or more", { $0.rate = GrantRate(maximum: 0, seconds: 60) }),
        ("A rate is 1 or more", { $0.rate = GrantRate(maximum: 5, seconds: 0) }),
        ("A group's download budget is 1 kB/s to 1 TB/s", { $0.downloadBytesPerSecond = 999 }),
        ("A group's download budget is 1 kB/s to 1 TB/s", { $0.downloadBytesPerSecond = .max }),
        ("1 to 100000 machines", { $0.canary = Canary(size: 0, soakSeconds: 60) }),
        ("1 to 100000 machines", { $0.canary = Canary(size: 1, soakSeconds: -1) }),
        ("The window", { $0.windows = [OfferWindow(fromMinute: 0, toMinute: 1441)] }),
        (
            "This server knows no time zone “Mars/Olympus”",
            {
                $0.windows = [OfferWindow(fromMinute: 0, toMinute: 60, zone: "Mars/Olympus")]
            }
        ),
        (
            "This server knows no time zone “../../etc/passwd”",
            {
                $0.windows = [OfferWindow(fromMinute: 0, toMinute: 60, zone: "../../etc/passwd")]
            }
        ),
        ("The share of failures", { $0.brakes.failurePercent = 0 }),
        ("A brake acts at 1 or more", { $0.brakes.silent = 0 }),
        ("A brake acts at 1 or more", { $0.brakes.timeOuts = PerStage(downloading: -1) }),
        ("A machine is silent after 300 seconds", { $0.brakes.silenceSeconds = 5 }),
        ("A stage's deadline", { $0.stageDeadlines = PerStage(downloading: 5) }),
    ]

    @Test(arguments: wrong.indices)
    func isRefused(index: Int) async throws {
        let fleet = try await Fixture()
        let (text, change) = Self.wrong[index]
        var policy = RolloutPolicy()
        change(&policy)
        let error = await refusal {
            _ = try await fleet.control.createGroup(
                GroupName("web"), of: os, track: Track("web"), channel: ChannelName("stable"), policy: policy, by: admin
            )
        }
        #expect(error?.kind == .invalid)
        #expect(error?.userMessage.text.hasPrefix(text) == true, "\(error?.userMessage.text ?? "accepted")")
    }

    @Test("zones of the system are known by name, and nothing else is read")
    func systemZones() {
        let zones = SystemZones(directory: "/nowhere")
        #expect(zones.rules(of: "UTC") != nil)
        for name in ["Europe/Berlin", "/etc/passwd", "../passwd", "", String(repeating: "a", count: 65)] {
            #expect(zones.rules(of: name) == nil)
        }
    }
}
