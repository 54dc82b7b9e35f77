import DashboardKit
import FleetAPI
import FleetModel
import FoundationEssentials
import Testing
import UpdateModel

@Suite("Dashboard page")
struct DashboardPageTests {
    @Test("whatever a machine says of itself is text, never markup")
    func escaping() throws {
        let evil = "<script>alert('x')</script>\"&"
        let page = DashboardPage(try Samples.overview(alias: evil, eventText: evil, stopReason: evil)).markup
        #expect(!page.contains("<script"))
        #expect(!page.contains("alert('x')"))
        #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"))
    }

    @Test("control characters become visible marks")
    func controlCharacters() throws {
        let page = DashboardPage(try Samples.overview(alias: "a\u{1B}[31m\u{0}b")).markup
        #expect(!page.utf8.contains(0x1B))
        #expect(!page.utf8.contains(0))
        #expect(page.contains("a\u{FFFD}[31m\u{FFFD}b"))
    }

    @Test("the page shows channels, groups, machines and events in words")
    func content() throws {
        let page = DashboardPage(try Samples.overview()).markup
        for text in [
            "stable", "4000.0.0", "web", "at most 2 at a time", "stops after 3 failures", "rack7-node3", "up to date",
            "downloading 4000.0.0", "As many machines of the group as allowed are updating now.",
            "The new release did not become healthy", "The roll-out of 4000.0.0 stopped itself.", "12 s ago",
        ] {
            #expect(page.contains(text), "\(text)")
        }
    }

    @Test(
        "an order to roll back is shown while it stands, and when it came to nothing",
        arguments: RollbackOrder.State.allCases)
    func rollback(state: RollbackOrder.State) throws {
        var order = RollbackOrder(
            id: try RollbackID("r1"), version: try Version("4000.0.0"), orderedBy: "ada", orderedAt: Samples.now,
            reason: "<b>slow</b>")
        if state != .pending { order.enter(state, at: Samples.now, outcome: "Slot b is empty.") }
        let page = DashboardPage(try Samples.overview(rollback: order)).markup
        let isShown = state.isOpen || state == .refused || state == .expired
        let text = "Rollback: back from 4000.0.0, ordered by ada (&lt;b&gt;slow&lt;/b&gt;): "
        #expect(page.contains(text) == isShown)
        #expect(page.contains("Slot b is empty.") == (state == .refused || state == .expired))
    }

    @Test("a channel says whom it follows and when, and what waits for a second person")
    func channels() throws {
        let evil = "<b>quiet</b>"
        let page = DashboardPage(
            try Samples.overview { channels, _, _ in
                channels[1].follows = ChannelFollow(channel: try ChannelName("alpha"), soakSeconds: 172_800, machines: 5)
                channels[1].following = FollowResource(
                    state: "soaking", text: "4000.0.0 has not soaked for long enough.", until: Samples.now.adding(seconds: 7200))
                channels[2].secondPerson = true
                channels[2].request = MoveRequestResource(
                    MoveRequest(
                        version: try Version("5000.0.0"), previous: nil, promotedFrom: try ChannelName("beta"), by: "ada",
                        principal: "t-secret", at: Samples.now.adding(seconds: -600), reason: evil))
            }).markup
        for text in [
            "Follows alpha after 2d, once 5 machines run it. 4000.0.0 has not soaked for long enough. Its time comes in 2 h, ",
            "waits for a second person", "5000.0.0", ", proven by beta, asked for by ada, 10 min ago: &lt;b&gt;quiet&lt;/b&gt;",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(!page.contains("t-secret") && !page.contains(evil))
        let alone = DashboardPage(try Samples.overview { channels, _, _ in channels[0].secondPerson = true }).markup
        #expect(alone.contains("Moved by two people") && !alone.contains("waits for a second person"))
        #expect(!alone.contains("Follows"))
    }

    @Test("a group says that it is private, without its secrets, and what its downloads may take")
    func groups() throws {
        let plain = DashboardPage(try Samples.overview()).markup
        #expect(!plain.contains("private") && !plain.contains("downloads"))
        let page = DashboardPage(
            try Samples.overview { _, group, _ in
                group.secrets = [
                    GroupSecretResource(
                        GroupSecret(
                            id: try GroupSecretID("s-1"), digest: try Samples.payload([]).sha256, by: "ada", at: Samples.now))
                ]
                var policy = PolicyResource(enabled: true, maxInProgress: nil, stopAfterFailures: nil, stageDeadlineSeconds: 60)
                policy.downloadRate = 100 << 20
                group = group.with(policy)
                group.downloadsFreeAt = Samples.now.adding(seconds: 75)
            }).markup
        #expect(page.contains("private: machines show a secret") && !page.contains("s-1"))
        #expect(page.contains("downloads 100 MiB/s") && page.contains("next download granted in 75 s, "))
    }

    @Test("payloads on other servers are shown with what is wrong there; one that cannot be had is an alarm")
    func elsewhere() throws {
        let alarm = "The payload of 4000.0.0 amd64 cannot be had."
        #expect(!DashboardPage(try Samples.overview()).markup.contains("other servers"))
        let half = DashboardPage(
            try Samples.overview { _, _, elsewhere in
                elsewhere = ListPage(items: [try Samples.payload([nil, .different], "<i>7 bytes</i>")], total: 4)
            }).markup
        for text in [
            "https://m0.example/update.crau", "offered", "another file", "&lt;i&gt;7 bytes&lt;/i&gt;", "500 MiB", "(5 min ago)",
            "and 3 more payloads",
        ] {
            #expect(half.contains(text), "\(text)")
        }
        #expect(!half.contains(alarm))
        let lost = DashboardPage(
            try Samples.overview { _, _, elsewhere in
                elsewhere = ListPage(items: [try Samples.payload([.unavailable, .changed])], total: 1)
            }).markup
        #expect(lost.contains(alarm) && lost.contains("not there") && lost.contains("changed"))
    }

    @Test("a long alias is cut, with the whole of it as its title")
    func longAlias() throws {
        let alias = String(repeating: "W", count: 120)
        let page = DashboardPage(try Samples.overview(alias: alias)).markup
        #expect(page.contains("title=\"\(alias)\""))
        #expect(!page.contains(">\(alias)<"))
    }

    @Test("machines that need a person come first, below a line that counts all")
    func order() throws {
        let page = DashboardPage(try Samples.overview()).markup
        #expect(page.contains("5 machines · 1 up to date · 1 updating · 1 waiting · 1 failed · 0 overdue"))
        let failed = try #require(page.firstRange(of: "title=\"0123456789abcdef0123456789abcde3\""))
        let complete = try #require(page.firstRange(of: "title=\"0123456789abcdef0123456789abcde0\""))
        #expect(failed.lowerBound < complete.lowerBound)
    }

    @Test("an empty server says how to begin")
    func empty() {
        let overview = FleetOverview(
            at: Samples.now, serverVersion: "0", applications: [], machines: ListPage(items: [], total: 0),
            events: ListPage(items: [], total: 0))
        let page = DashboardPage(overview).markup
        #expect(page.contains("martlet app create"))
        #expect(page.contains("0 machines"))
    }

    @Test("more machines than the page shows are counted")
    func counted() throws {
        #expect(DashboardPage(try Samples.overview(machineTotal: 12_345)).markup.contains("the first 5 of 12345"))
    }

    @Test("the page loads nothing and runs nothing: its policy allows our style sheet's digest alone")
    func policy() throws {
        let policy = DashboardPage.contentSecurityPolicy
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        let page = DashboardPage(try Samples.overview()).markup
        #expect(!page.contains(" style="))
        #expect(!page.contains("http://") || page.contains("http://www.w3.org/2000/svg"))
        #expect(page.components(separatedByText: "src=").count == 1)
    }

    @Test("every element that is opened is closed")
    func wellFormed() throws {
        let page = DashboardPage(try Samples.overview()).markup
        for tag in [
            "div", "span", "table", "tr", "td", "ul", "li", "section", "svg", "p", "main", "body", "html", "time",
        ] {
            let opened =
                page.components(separatedByText: "<\(tag)>").count + page.components(separatedByText: "<\(tag) ").count
            #expect(opened - 1 == page.components(separatedByText: "</\(tag)>").count, "\(tag)")
        }
    }
}

extension String {
    fileprivate func components(separatedByText text: String) -> [Substring] {
        split(separator: text, omittingEmptySubsequences: false)
    }
}

extension GroupResource {
    /// The same under another policy.
    fileprivate func with(_ policy: PolicyResource) -> GroupResource {
        var group = GroupResource(
            application: application, name: name, track: track, channel: channel, version: version, policy: policy,
            rollout: rollout, machines: machines, createdAt: createdAt)
        group.secrets = secrets
        return group
    }
}
