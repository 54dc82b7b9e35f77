import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OmahaProtocol
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Omaha")
struct OmahaTests {
    @Test("the recorded exchanges of a stock machine get answers of the recorded shape")
    func recordedExchanges() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            for number in 1...4 {
                let request = try Vectors.omaha("\(number)-request.xml")
                let recorded = try OmahaResponse(xml: Vectors.omaha("\(number)-response.xml").readableBytesView)
                let response = try await client.execute(uri: "/v1/update/", method: .post, body: request)
                #expect(response.status == .ok)
                #expect(response.headers[.contentType] == "text/xml; charset=utf-8")
                #expect(response.text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"))
                let answer = try OmahaResponse(xml: response.body.readableBytesView)
                #expect(Self.shape(of: answer) == Self.shape(of: recorded))
            }
            let machine = try await server.control.machine(
                MachineID("0123456789abcdef0123456789abcdef"), of: payload.application, by: .local)
            #expect(machine.stage == .installed)
        }
    }

    /// The answer with what differs from server to server made equal.
    private static func shape(of response: OmahaResponse) -> OmahaResponse {
        var response = response
        response.server = "any"
        for app in response.apps.indices {
            guard var check = response.apps[app].updateCheck else { continue }
            check.codebases = check.codebases.map { _ in "any" }
            for manifest in check.manifests.indices {
                for package in check.manifests[manifest].packages.indices {
                    check.manifests[manifest].packages[package].size = 1
                    check.manifests[manifest].packages[package].sha1Base64 = "any"
                }
                for action in check.manifests[manifest].actions.indices {
                    check.manifests[manifest].actions[action].sha256 = nil
                }
            }
            response.apps[app].updateCheck = check
        }
        return response
    }

    @Test("an offer names the very payload, below the public URL and not below what the request claims")
    func offer() async throws {
        let server = TestServer(publicURL: "https://updates.example/base")
        let payload = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(
                uri: "/v1/update", method: .post, headers: [.referer: "http://evil.example"],
                body: try Vectors.omaha("1-request.xml"))
            let answer = try OmahaResponse(xml: response.body.readableBytesView)
            let offer = try #require(answer.apps.first?.updateCheck)
            #expect(offer.codebases == ["https://updates.example/base/payloads/\(payload.sha256)/"])
            #expect(offer.manifests.first?.packages.first?.name == "payload.crau")
            #expect(offer.manifests.first?.packages.first?.size == Int64(payload.size))
            #expect(offer.manifests.first?.packages.first?.sha1Base64 == payload.sha1)
            #expect(offer.manifests.first?.actions.first?.sha256 == payload.sha256)
            #expect(offer.manifests.first?.actions.first?.disablesPayloadBackoff == true)
        }
    }

    @Test(
        "a refusal is noupdate with a reason, which a stock machine takes silently",
        arguments: [
            ("00000000-0000-0000-0000-00000000beef", "stable", "unknown-application"),
            ("not an id", "stable", "unknown-application"),
            (TestServer.application, "nightly", "unknown-track"),
        ])
    func refusal(application: String, track: String, reason: String) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(
                uri: "/v1/update/", method: .post, body: Self.check(application: application, track: track))
            #expect(response.status == .ok)
            let check = try OmahaResponse(xml: response.body.readableBytesView).apps.first?.updateCheck
            #expect(check?.status == .noUpdate)
            #expect(check?.hold?.reason == reason)
        }
    }

    @Test("an old group's UUID leads to its channel's group")
    func legacyTrack() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let body = Self.check(track: "{9a2deb70-37be-4026-853f-bfdd6b347bbe}")
            let response = try await client.execute(uri: "/v1/update/", method: .post, body: body)
            #expect(try OmahaResponse(xml: response.body.readableBytesView).apps.first?.updateCheck?.status == .ok)
        }
    }

    @Test(
        "the architecture comes from the board, the os element, or its sp",
        arguments: [
            ("board=\"arm64-usr\"", "", "arm64"), ("", "arch=\"x64\"", "amd64"), ("", "sp=\"1.0.0_aarch64\"", "arm64"),
            ("", "", "amd64"),
        ])
    func architecture(board: String, system: String, expected: String) async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            let body = Self.check(extra: board, system: system)
            _ = try await client.execute(uri: "/v1/update/", method: .post, body: body)
        }
        let machine = try await server.control.machine(MachineID("m1"), of: payload.application, by: .local)
        #expect(machine.architecture?.name == expected)
    }

    @Test(
        "what is no request is answered with 400 and an Omaha document",
        arguments: [
            "", "hello", "<request", "<!DOCTYPE request [<!ENTITY a \"b\">]><request protocol=\"3.0\"/>",
            "<response protocol=\"3.0\"/>", "<request protocol=\"3.0\"><app/></request>", "\u{0}\u{1}\u{2}",
            String(repeating: "<a>", count: 20_000),
        ])
    func notARequest(text: String) async throws {
        try await TestServer().test { client in
            let response = try await client.execute(uri: "/v1/update/", method: .post, body: ByteBuffer(string: text))
            #expect(response.status == .badRequest)
            let document = try OmahaResponse(xml: response.body.readableBytesView)
            #expect(document.apps.first?.updateCheck?.status.isError == true)
        }
    }

    @Test("more than 64 events of one application are refused whole, so that none is acknowledged and dropped")
    func manyEvents() async throws {
        let server = TestServer()
        _ = try await server.publish()
        @Sendable func body(_ count: Int) -> ByteBuffer {
            let events = String(repeating: #"<event eventtype="13" eventresult="1"></event>"#, count: count)
            return ByteBuffer(
                string: #"<request protocol="3.0"><app appid="\#(TestServer.application)" version="1.0.0" "#
                    + #"track="stable" machineid="m1">\#(events)</app></request>"#)
        }
        try await server.test { client in
            let refused = try await client.execute(uri: "/v1/update/", method: .post, body: body(65))
            #expect(refused.status == .badRequest)
            #expect(try OmahaResponse(xml: refused.body.readableBytesView).apps.first?.eventStatuses.isEmpty == true)
            #expect(try await server.control.machines(.init(), .first, by: .local).total == 0)
            let taken = try await client.execute(uri: "/v1/update/", method: .post, body: body(64))
            #expect(taken.status == .ok)
        }
    }

    @Test("a request of more than 64 KiB is refused, and still with an Omaha document")
    func tooLong() async throws {
        try await TestServer().test { client in
            let body = ByteBuffer(repeating: 0x20, count: 64 * 1024 + 1)
            let response = try await client.execute(uri: "/v1/update/", method: .post, body: body)
            #expect(response.status == .contentTooLarge)
            _ = try OmahaResponse(xml: response.body.readableBytesView)
        }
    }

    @Test("invariant 6: parallel check-ins never get more offers than the group's limit", arguments: [1, 5])
    func limitHolds(limit: Int) async throws {
        let server = TestServer()
        _ = try await server.publish(policy: RolloutPolicy(maximumInProgress: limit))
        try await server.test { client in
            let offers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let body = Self.check(machine: "machine-\(number)")
                        let response = try await client.execute(uri: "/v1/update/", method: .post, body: body)
                        let answer = try OmahaResponse(xml: response.body.readableBytesView)
                        return answer.apps.first?.updateCheck?.status == .ok
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(offers == limit)
        }
    }

    @Test("texts that a machine sends are cut before they are stored")
    func longTexts() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            let body = Self.check(extra: "machinealias=\"\(String(repeating: "ä", count: 1000))\"")
            _ = try await client.execute(uri: "/v1/update/", method: .post, body: body)
        }
        let machine = try await server.control.machine(MachineID("m1"), of: payload.application, by: .local)
        let alias = try #require(machine.alias)
        #expect((1...128).contains(alias.utf8.count))
        #expect(alias.allSatisfy { $0 == "ä" })
    }

    static func check(
        application: String = TestServer.application, track: String = "stable", machine: String = "m1",
        extra: String = "", system: String = ""
    ) -> ByteBuffer {
        ByteBuffer(
            string: """
                <?xml version="1.0" encoding="UTF-8"?>
                <request protocol="3.0" version="update_engine-0.4.10" installsource="scheduler" ismachine="1">
                <os version="Chateau" platform="CoreOS" \(system)></os>
                <app appid="\(application)" version="3000.0.0" track="\(track)" machineid="\(machine)" \(extra)>
                <ping active="1"></ping><updatecheck></updatecheck></app></request>
                """)
    }
}
