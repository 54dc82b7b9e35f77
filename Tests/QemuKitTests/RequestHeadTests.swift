import QemuKit
import Testing

@Suite("Heads of HTTP messages")
struct RequestHeadTests {
    private static func head(_ text: String) -> RequestHead? { RequestHead.read(Array(text.utf8))?.head }

    @Test("are read once they are whole")
    func whole() throws {
        let text = "GET /payloads/ab/x.crau HTTP/1.1\r\nHost: h\r\nRange: bytes=4096-\r\n\r\nbody"
        for length in 0..<text.utf8.count - "body".utf8.count {
            #expect(RequestHead.read(Array(text.utf8.prefix(length))) == nil)
        }
        let (head, count) = try #require(RequestHead.read(Array(text.utf8)))
        #expect((head.method, head.path, head.rangeStart) == ("GET", "/payloads/ab/x.crau", 4096))
        #expect(count == text.utf8.count - 4)
    }

    @Test("with anything but one open or closed range ask for the whole")
    func ranges() {
        #expect(Self.head("GET / HTTP/1.1\nRange: bytes=7-9\n\n")?.rangeStart == 7)
        for range in ["bytes=1-2,4-5", "bytes=-5", "lines=1-", "bytes=x-", ""] {
            #expect(Self.head("GET / HTTP/1.1\r\nRange: \(range)\r\n\r\n")?.rangeStart == nil, "\(range)")
        }
    }

    @Test("are passed on with an end to the connection and everything else as it was")
    func closing() throws {
        let text = "POST /v1/update/ HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n"
        let head = try #require(Self.head(text))
        #expect(head.contentLength == 3)
        #expect(
            String(decoding: head.closing, as: UTF8.self)
                == "POST /v1/update/ HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
    }

    @Test("that are no request are refused", arguments: ["\r\n\r\n", "GET /\r\n\r\n", "a b c d\r\n\r\n"])
    func nonsense(_ text: String) { #expect(Self.head(text) == nil) }

    @Test("of answers do not count as body, however they are cut", arguments: [1, 2, 7, 1000])
    func answers(_ size: Int) {
        let bytes = Array("HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\n12345".utf8)
        var counter = AnswerCounter()
        var count = 0
        for start in stride(from: 0, to: bytes.count, by: size) {
            count += counter.bodyBytes(in: Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(count == 5)
    }

    @Test("Pieces pass at the rate that is asked for")
    func pace() {
        let start = ContinuousClock.now
        var pace = Pace(bytesPerSecond: 1000)
        #expect(pace.passes(500, at: start) == start)
        #expect(pace.passes(500, at: start) == start + .milliseconds(500))
        #expect(pace.passes(1, at: start + .seconds(9)) == start + .seconds(9))
        pace.bytesPerSecond = nil
        #expect(pace.passes(1 << 30, at: start) == start)
        #expect(pace.passes(1, at: start) == start)
    }
}
