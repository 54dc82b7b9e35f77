import EngineTestKit
import FleetTestKit
import Testing
import UpdateEngineKit
import UpdateModel

@Suite("Proxies", .serialized)
struct WebProxyTests {
    @Test(
        "are read as curl reads them",
        arguments: [
            ("proxy.example:3128", "http://proxy.example:3128"), ("http://proxy.example", "http://proxy.example:1080"),
            ("http://u:p%40ss@[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080"),
            ("socks5h://10.0.0.1", "socks5://10.0.0.1:1080"), ("SOCKS5://h:99", "socks5://h:99"),
        ])
    func parsing(text: String, shown: String) throws {
        #expect(try WebProxy(text).description == shown)
    }

    @Test("keep their password, and do not show it")
    func password() throws {
        let proxy = try WebProxy("http://u:p%40ss@proxy.example:3128")
        #expect(proxy.credentials == "u:p@ss")
        #expect(!"\(proxy)".contains("ss"))
    }

    @Test(
        "that cannot be used are refused by the name of what names them, without their text",
        arguments: ["https://secret:word@proxy:443", "socks4://secret", "socks5://secret:word@h", "http://", "a b"])
    func refused(text: String) {
        let error = #expect(throws: SettingsError.self) {
            try WebProxies(environment: ["https_proxy": text], words: .init(), path: "martletd.toml")
        }
        #expect(error?.key == "https_proxy")
        #expect(error?.userMessage.line.contains("secret") == false)
    }

    @Test("come from the environment name by name, then from the settings")
    func order() throws {
        var words = WebProxies.Words()
        words.http = "settings:1"
        words.all = "settings:2"
        func shown(_ environment: [String: String]) throws -> [String?] {
            let proxies = try WebProxies(environment: environment, words: words, path: "")
            return [proxies.plain?.description, proxies.encrypted?.description]
        }
        #expect(try shown([:]) == ["http://settings:1", "http://settings:2"])
        #expect(try shown(["http_proxy": "e:1", "ALL_PROXY": "e:2"]) == ["http://e:1", "http://e:2"])
        #expect(try shown(["HTTP_PROXY": "e:1", "HTTPS_PROXY": "e:2"]) == ["http://settings:1", "http://e:2"])
        #expect(try shown(["http_proxy": "", "https_proxy": ""]) == [nil, nil])
    }

    @Test(
        "are left out for what no_proxy names",
        arguments: [
            ("example.org", "example.org", true), ("example.org", "www.example.org", true),
            (".example.org", "example.org", true), ("example.org", "badexample.org", false),
            ("EXAMPLE.org.", "www.Example.ORG", true), ("a, b c", "c", true), ("*", "anything", true),
            ("a,*", "anything", false), ("", "a", false), ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false), ("192.168.1.128/25", "192.168.1.127", false),
            ("10.0.0.1", "10.0.0.1", true), ("0.0.1", "10.0.0.1", false), ("10.0.0.0/0", "1.2.3.4", true),
            ("10.0.0.0/33", "10.0.0.0", false), ("2001:db8::/32", "2001:db8:1::5", true),
            ("[::1]", "0:0:0:0:0:0:0:1", true), ("::ffff:1.2.3.4", "::ffff:102:304", true), ("::/x", "::1", false),
        ])
    func exceptions(list: String, host: String, isExcepted: Bool) {
        #expect(ProxyExceptions(list).contains(host) == isExcepted)
    }

    @Test("bring a payload from a host that only they can find, with their own password")
    func payload() async throws {
        try await DownloadRig.run { rig in
            let proxy = try StallingServer(content: rig.release.payload)
            let proxies = WebProxies(plain: try WebProxy("http://user:word@127.0.0.1:\(proxy.port)"))
            _ = try await WebRoutes.with(proxies) { routes in
                try await rig.fetch {
                    $0.routes = routes
                    $0.addresses = ["http://payloads.invalid:81/a/update.crau?x=1"]
                }
            }
            proxy.stop()
            #expect(rig.isInstalled)
            #expect(Set(proxy.requests.map(\.target)) == ["http://payloads.invalid:81/a/update.crau?x=1"])
            #expect(Set(proxy.requests.map { $0.headers["proxy-authorization"] }) == ["Basic dXNlcjp3b3Jk"])
            #expect(Set(proxy.requests.map { $0.headers["host"] }) == ["payloads.invalid:81"])
        }
    }

    @Test("are asked to open a tunnel to what is encrypted, and see nothing of the machine's password")
    func tunnel() async throws {
        try await DownloadRig.run { rig in
            let proxy = try StallingServer(content: [], .answers(status: 403, contentType: "text/plain", body: "no"))
            let proxies = WebProxies(encrypted: try WebProxy("http://user:word@127.0.0.1:\(proxy.port)"))
            try await WebRoutes.with(proxies) { routes in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { @Sendable in
                        try await rig.fetch {
                            $0.routes = routes
                            $0.addresses = ["https://machine:secret@payloads.invalid/update.crau"]
                        }
                    }
                    while proxy.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                    group.cancelAll()
                    await #expect(throws: (any Error).self) { try await group.next() }
                }
            }
            proxy.stop()
            let request = try #require(proxy.requests.first)
            #expect(request.method == "CONNECT" && request.target == "payloads.invalid:443")
            #expect(request.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk")
            #expect(request.headers["authorization"] == nil)
        }
    }
}
