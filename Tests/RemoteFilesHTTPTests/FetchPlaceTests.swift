import FleetTestKit
import PayloadStore
import RemoteFilesHTTP
import Synchronization
import Testing
import UpdateModel

@Suite("Where a request goes")
struct FetchPlaceTests {
    private func place(_ text: String) throws -> FetchPlace { try #require(FetchPlace(PayloadURL(text))) }

    @Test(
        "a redirect's text is made anew: what the client reads in it is the host that is judged",
        arguments: [
            ("http://LOCALHOST:81/x", "http://localhost:81/x", "localhost"),
            ("HTTPS://Mirror.Example", "https://mirror.example/", "mirror.example"),
            ("http://[2001:DB8::1]:8080/a?b=c#d", "http://[2001:db8::1]:8080/a?b=c", "2001:db8::1"),
            ("//Other.example/a%20b?X=%2f", "http://other.example/a%20b?X=%2f", "other.example"),
            ("?signed=1", "http://a.example/os/x?signed=1", "a.example"), ("../y", "http://a.example/y", "a.example"),
        ])
    func redirects(location: String, text: String, host: String) throws {
        let next = try #require(try place("http://a.example/os/x").redirected(to: location))
        #expect(next.text == text && next.host == host)
    }

    @Test(
        "a host that somebody could read in another way is not followed, nor what is no web address",
        arguments: [
            "http://%6detadata.evil/", "http://%6Cocalhost/", "http://a%2Eb/", "http://a_b/", "http://[fe80::1%25lo]/",
            "http://[::::]/", "http://ada@b/", "http://:80/", "http:///x", "http://a:0/", "http://a:99999/",
            "file:///etc/passwd", "unix:///x", "http+unix://%2Ftmp/x", "http://a\\@b/",
        ])
    func refused(location: String) throws {
        #expect(try place("http://a.example/os/x").redirected(to: location) == nil)
    }

    @Test("encryption is not given up")
    func encryption() throws {
        #expect(try place("https://a.example/x").redirected(to: "http://a.example/x") == nil)
        #expect(try place("http://a.example/x").redirected(to: "https://a.example/x") != nil)
    }

    @Test(
        "whatever a person may name can be asked for: random texts, and such as are nearly right",
        arguments: [1, 2, 3, 4] as [UInt64])
    func everyURL(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let pieces = [
            "http://", "https://", "HTTP://", "a", "Z", "m.example", "127.1", "[::1]", "[::::]", "[1::2:3.4.5.6]", "[", "]", ":",
            ":80", ":+80", ":0080", ":65536", "/", "//", ".", "..", "-", "_", "~", "%", "%2", "%zz", "%2F", "%00", "%C3%28", "@",
            "!$'()*+,;=", "\\", "\"", "\u{F6}", "\n", " ", "?", "#", "x.crau", "xn--", "xn--a", "xn--zz--",
        ]
        var accepted = 0
        for round in 0..<10_000 {
            var text = round % 2 == 0 ? "" : "http://m\(["", ":8", "."].randomElement(using: &random) ?? "")/"
            for _ in 0..<Int.random(in: 1...6, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
            guard let url = try? PayloadURL(text) else { continue }
            accepted += 1
            guard let place = FetchPlace(url) else {
                Issue.record("accepted, but cannot be asked for: \(text.debugDescription)")
                continue
            }
            #expect(url.host == place.host || url.host == "[\(place.host)]")
        }
        #expect(accepted > 250)
    }
}

@Suite("The address that is judged")
struct JudgedAddressTests {
    private static let file = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nright"

    /// Takes every name to 127.0.0.2, where a server listens and nobody does on 127.0.0.1.
    private func read(_ url: PayloadURL, asked: Asked) async throws -> String {
        let files = HTTPRemoteFiles(
            allowing: [try #require(NetworkPrefix("127.0.0.0/8"))],
            lookUp: { name in
                asked.names.withLock { $0.append(name) }
                return [NetworkAddress("127.0.0.2")].compactMap { $0 }
            })
        return try await files.read(url) { _, nextChunk in
            var bytes: [UInt8] = []
            while let chunk = try await nextChunk() { bytes += chunk }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private final class Asked: Sendable {
        let names = Mutex<[String]>([])
    }

    @Test("the connection goes there, and not where the system would lead", arguments: ["localhost", "mirror.test"])
    func name(host: String) async throws {
        try await CannedServer(head: Self.file).run(on: "127.0.0.2") { port in
            let asked = Asked()
            let text = try await read(PayloadURL("http://\(host):\(port)/file"), asked: asked)
            #expect(text == "right")
            #expect(asked.names.withLock { $0 } == [host])
        }
    }

    @Test("also after a redirect, however that spells the name", arguments: ["LOCALHOST", "Mirror.Test"])
    func redirect(host: String) async throws {
        try await CannedServer(head: Self.file).run(on: "127.0.0.2") { port in
            let location = "http://\(host):\(port)/file"
            let moved = "HTTP/1.1 302 Found\r\nLocation: \(location)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            try await CannedServer(head: moved).run(on: "127.0.0.2") { first in
                let asked = Asked()
                let text = try await read(PayloadURL("http://127.0.0.2:\(first)/x"), asked: asked)
                #expect(text == "right")
                #expect(asked.names.withLock { $0 } == [host.lowercased()])
            }
        }
    }
}
