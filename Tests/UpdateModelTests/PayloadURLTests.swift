import Testing
import UpdateModel

@Suite struct PayloadURLTests {
    @Test(
        "An address is told to machines in two parts",
        arguments: [
            ("https://mirror.example.org/os/2.0/update.crau", "https://mirror.example.org/os/2.0/", "update.crau"),
            ("HTTP://Mirror:8080/A%20b.crau", "http://mirror:8080/", "A%20b.crau"),
            ("http://[2001:DB8::1]:80/x", "http://[2001:db8::1]:80/", "x"),
        ])
    func parts(text: String, codebase: String, name: String) throws {
        let url = try PayloadURL(text)
        #expect(url.codebase == codebase && url.fileName == name)
        #expect(url.text == codebase + name)
        #expect(try PayloadURL(url.text) == url)
    }

    @Test(
        "What could hold a secret, lose its name or be read in two ways is refused, and not repeated",
        arguments: [
            "", "mirror/x", "ftp://mirror/x", "file:///etc/passwd", "https://", "https://mirror", "https://mirror/",
            "https://mirror/a/", "https://ada:secret@mirror/x", "https://ada@mirror/x", "https://mirror/x?token=secret",
            "https://mirror/x#y", "https://mirror/../x", "https://mirror/a//x", "https://mirror/.", "https://mirror/a b",
            "https://mirror:0/x", "https://mirror:99999/x", "https://mirror:+80/x", "https://:80/x", "https:///x",
            "https://[::1/x", "https://[]/x", "https://mirror\\@evil/x", "https://m\u{F6}rror/x", "https://mirror/\n",
            "http://m.example/a%zz", "http://m.example/a%", "http://m.example/%4/x", "http://m.example/%+1x", "http://m/%%41",
            "http://[::::]/x", "http://[1.2.3.4]/x", "http://[:]/x", "http://[fe80::1%25lo]/x", "http://%6dirror/x",
            "https://mirror/" + String(repeating: "x", count: 200),
        ])
    func refused(text: String) {
        let error = #expect(throws: InvalidPayloadURL.self) { try PayloadURL(text) }
        #expect(error?.userMessage.line.contains("secret") != true)
    }
}

@Suite struct NetworkAddressTests {
    @Test(
        "Only addresses of the public Internet are public",
        arguments: [
            ("93.184.216.34", true), ("8.8.8.8", true), ("172.32.0.1", true), ("100.128.0.1", true), ("2a00:1450::1", true),
            ("127.0.0.1", false), ("127.255.255.254", false), ("0.0.0.0", false), ("10.1.2.3", false),
            ("172.16.0.1", false), ("172.31.255.255", false), ("192.168.1.1", false), ("169.254.169.254", false),
            ("100.64.0.1", false), ("224.0.0.1", false), ("255.255.255.255", false), ("192.0.2.1", false),
            ("::1", false), ("::", false), ("fe80::1", false), ("fd00::1", false), ("ff02::1", false),
            ("::ffff:10.0.0.1", false), ("::ffff:8.8.8.8", true), ("64:ff9b::a00:1", false), ("2002:a00:1::", false),
            ("2001:db8::1", false), ("2001:0:5ef5:79fd::1", false), ("::10.0.0.1", false),
        ])
    func isPublic(text: String, isPublic: Bool) throws {
        #expect(try #require(NetworkAddress(text)).isPublic == isPublic)
    }

    @Test("What is no address is none", arguments: ["", "localhost", "1.2.3", "1.2.3.4.5", "2130706433", "[::1]", "1.2.3.4 "])
    func noAddress(text: String) { #expect(NetworkAddress(text) == nil) }

    @Test("A prefix holds the addresses that begin with it")
    func prefixes() throws {
        let prefix = try #require(NetworkPrefix("10.32.0.0/11"))
        for (text, isIn) in [("10.32.0.1", true), ("10.63.255.255", true), ("10.64.0.0", false), ("::1", false)] {
            #expect(prefix.contains(try #require(NetworkAddress(text))) == isIn, "\(text)")
        }
        let every = try #require(NetworkPrefix("0.0.0.0/0"))
        #expect(every.contains(try #require(NetworkAddress("127.0.0.1"))))
        #expect(try #require(NetworkPrefix("::1")).contains(try #require(NetworkAddress("::1"))))
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "/8", "10.0.0.0/8/8", "lan"] {
            #expect(NetworkPrefix(text) == nil, "\(text)")
        }
    }
}
