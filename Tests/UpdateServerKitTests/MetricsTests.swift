import FleetModel
import FleetOperations
import FleetStorage
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import UpdateServerKit

@Suite("Metrics")
struct MetricsTests {
    /// The samples of a text of format 0.0.4, by name and labels.
    private static func samples(_ text: String) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            let name = String(line[..<space])
            #expect(samples[name] == nil, "\(name) is there twice")
            let value: Double = try #require(Double(String(line[line.index(after: space)...])), "\(line)")
            samples[name] = value
        }
        return samples
    }

    @Test("what machines were told, where they stand and what their roll-out does is counted")
    func figures() async throws {
        let server = TestServer()
        _ = try await server.publish(policy: .init(maximumInProgress: 1))
        try await server.test { client in
            for machine in ["m1", "m2", "m3"] {
                _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: machine))
            }
            _ = try await client.execute(uri: "/v1/update", method: .post, body: ByteBuffer(string: "<no"))
            let response = try await client.execute(uri: "/metrics", method: .get)
            #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let samples = try Self.samples(response.text)
            let place = #"application="flatcar",group="web""#
            #expect(samples[#"martlet_checkins_total{result="offer"}"#] == 1)
            #expect(samples[#"martlet_checkins_total{result="hold"}"#] == 2)
            #expect(samples[#"martlet_checkins_total{result="refused"}"#] == 1)
            #expect(samples[#"martlet_checkin_holds_total{reason="limit-in-progress"}"#] == 2)
            #expect(samples["martlet_new_machines_total"] == 3)
            #expect(samples["martlet_machines{\(place),stage=\"held\"}"] == 2)
            #expect(samples["martlet_machines_held{\(place),reason=\"limit-in-progress\"}"] == 2)
            #expect(samples["martlet_rollout_granted_total{\(place),version=\"4000.0.0\"}"] == 1)
            #expect(samples["martlet_rollout_stopped{\(place),version=\"4000.0.0\",brake=\"\"}"] == 0)
            #expect(samples["martlet_checkin_seconds_count"] == 4)
            #expect(samples[#"martlet_checkin_seconds_bucket{le="+Inf"}"#] == 4)
        }
    }

    @Test("a stopped roll-out names its brake")
    func brakes() async throws {
        let server = TestServer()
        _ = try await server.publish(policy: .init(stopAfterFailures: 1))
        try await server.test { client in
            _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: "m1"))
            let report = """
                <request protocol="3.0"><app appid="\(TestServer.application)" version="3000.0.0" track="stable" \
                machineid="m1"><event eventtype="3" eventresult="0" errorcode="7"/></app></request>
                """
            _ = try await client.execute(uri: "/v1/update", method: .post, body: ByteBuffer(string: report))
            let text = try await client.execute(uri: "/metrics", method: .get).text
            let stopped = try Self.samples(text).filter { $0.key.hasPrefix("martlet_rollout_stopped") }
            #expect(stopped.first?.key.contains(#"brake="failures""#) == true && stopped.first?.value == 1)
        }
    }

    @Test("the store's transactions are counted with their time")
    func batches() async throws {
        let metrics = ServerMetrics()
        metrics.storeObserver.sawBatch(StoreBatch(workCount: 3, duration: .milliseconds(4), isDurable: true))
        metrics.storeObserver.sawBatch(StoreBatch(workCount: 2, duration: .seconds(60), isDurable: false))
        try await TestServer().test(metrics: metrics) { client in
            let samples = try Self.samples(try await client.execute(uri: "/metrics", method: .get).text)
            #expect(samples[#"martlet_store_batch_seconds_bucket{le="0.0025"}"#] == 0)
            #expect(samples[#"martlet_store_batch_seconds_bucket{le="0.005"}"#] == 1)
            #expect(samples[#"martlet_store_batch_seconds_bucket{le="10"}"#] == 1)
            #expect(samples["martlet_store_batch_seconds_count"] == 2)
            #expect(samples["martlet_store_batch_work_total"] == 5)
            #expect(samples["martlet_store_batches_failed_total"] == 1)
        }
    }

    @Test("figures need a token; a scraper may send it as a password")
    func access() async throws {
        let server = TestServer(authentication: .token)
        let secret = try await server.control.createToken(name: "scraper", role: .viewer, by: .local).secret
        try await server.test { client in
            let refused = try await client.execute(uri: "/metrics", method: .get)
            #expect(refused.status == .unauthorized)
            let headers: HTTPFields = [.authorization: "Bearer \(secret)"]
            let answered = try await client.execute(uri: "/metrics", method: .get, headers: headers)
            #expect(answered.status == .ok)
        }
    }
}
