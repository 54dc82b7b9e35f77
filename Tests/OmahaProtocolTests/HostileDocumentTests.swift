import OmahaProtocol
import Testing
import UpdateModel

/// Bytes that mean harm, or were cut or damaged on the way: each is refused with a reason, none is a crash.
@Suite("Hostile documents")
struct HostileDocumentTests {
    private func refusal(of text: String, limits: XMLLimits = .request) -> OmahaParseError? {
        refusal(of: text.bytes, limits: limits)
    }

    private func refusal(of bytes: [UInt8], limits: XMLLimits = .request) -> OmahaParseError? {
        do throws(OmahaParseError) {
            _ = try OmahaRequest(xml: bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private func isNotWellFormed(_ bytes: [UInt8]) -> Bool {
        if case .notWellFormed = refusal(of: bytes) { return true }
        return false
    }

    @Test("elements nested a million deep are refused, by size or by depth")
    func millionDeep() {
        let nested = "<request>" + String(repeating: "<a>", count: 1_000_000)
        #expect(refusal(of: nested) == .tooLarge(limitBytes: 65_536))
        #expect(refusal(of: nested, limits: XMLLimits(documentBytes: 8 << 20)) == .tooDeep(limit: 16))
    }

    @Test(
        "a document type is refused, whatever is in it",
        arguments: [
            "<!DOCTYPE request><request></request>",
            "<!DOCTYPE request SYSTEM \"http://127.0.0.1/x.dtd\"><request></request>",
            "<!DOCTYPE request PUBLIC \"a\" \"file:///etc/passwd\"><request></request>",
            "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><request version=\"&b;\"></request>",
            "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><request>&x;</request>",
            "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1/p\"> %p;]><request></request>",
            "<!DOCTYPE r [<!ATTLIST app appid CDATA \"x\">]><request><app></app></request>",
        ])
    func documentType(text: String) {
        #expect(refusal(of: text) == .doctypeRefused)
        #expect(refusal(of: "<?xml version=\"1.0\"?>\n<!-- before -->\n" + text) == .doctypeRefused)
    }

    @Test("quadratic blow-up is refused before anything is expanded")
    func quadraticBlowUp() {
        let entity = String(repeating: "A", count: 50_000)
        let uses = String(repeating: "&a;", count: 50_000)
        let text = "<!DOCTYPE r [<!ENTITY a \"\(entity)\">]><request>\(uses)</request>"
        #expect(refusal(of: text, limits: .response) == .doctypeRefused)
    }

    @Test("an entity that nobody declared is refused")
    func unknownEntity() {
        #expect(isNotWellFormed("<request version=\"&nbsp;\"></request>".bytes))
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
            [0xEF, 0xBF, 0xBE],
        ] as [[UInt8]])
    func invalidText(bytes: [UInt8]) {
        #expect(isNotWellFormed("<request version=\"".bytes + bytes + "\"></request>".bytes))
        #expect(isNotWellFormed("<request>".bytes + bytes + "</request>".bytes))
    }

    @Test("Latin-1 is refused even where it is declared")
    func otherEncoding() {
        let head = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><request version=\"".bytes
        #expect(isNotWellFormed(head + [0xE9] + "\"></request>".bytes))
    }

    @Test(
        "NUL and other control characters are refused",
        arguments: [
            "\0", "<request>\0</request>", "<request version=\"\u{1}\"/>", "<request version=\"&#0;\"/>", "\0\0\0\0",
        ])
    func controlCharacters(text: String) {
        #expect(isNotWellFormed(text.bytes))
    }

    @Test(
        "what is not well-formed is refused",
        arguments: [
            "<", " ", "x", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "<request>", "<request></request><request/>",
            "<request></request>x", "<request a=\"1\" a=\"2\"></request>", "<request a=1></request>",
            "<request a></request>",
            "<request></requesT>", "<request><app></request></app>", "<request a=\"<\"></request>",
            "<request>]]></request>",
        ])
    func notWellFormed(text: String) {
        #expect(isNotWellFormed(text.bytes))
    }

    @Test("nothing is refused as nothing")
    func empty() {
        #expect(refusal(of: []) == .empty)
        #expect(refusal(of: [])?.errorCode == .omahaRequestEmptyResponse)
    }

    @Test("a document that is cut anywhere is refused", arguments: ["1-request.xml", "1-response.xml"])
    func truncated(name: String) throws {
        let whole = try Recorded.bytes(name)
        for length in 1..<whole.count - 1 {  // The last byte is a line feed after the end.
            #expect(throws: OmahaParseError.self) { _ = try OmahaRequest(xml: whole.prefix(length)) }
            #expect(throws: OmahaParseError.self) { _ = try OmahaResponse(xml: whole.prefix(length)) }
        }
    }

    @Test("no flipped bit is a crash, and what is still read can be written and read again")
    func flippedBits() throws {
        for name in ["1-request.xml", "1-response.xml"] {
            let whole = try Recorded.bytes(name)
            for position in whole.indices {
                for bit in 0..<8 {
                    var damaged = whole
                    damaged[position] ^= 1 << bit
                    if let request = try? OmahaRequest(xml: damaged) {
                        #expect(try OmahaRequest(xml: request.xml()) == request, "bit \(bit) of byte \(position)")
                    }
                    if let response = try? OmahaResponse(xml: damaged) {
                        #expect(try OmahaResponse(xml: response.xml()) == response, "bit \(bit) of byte \(position)")
                    }
                }
            }
        }
    }

    @Test("the limits hold, each by itself")
    func limits() {
        let attributes = (0...64).map { " a\($0)=\"\"" }.joined()
        #expect(refusal(of: "<request\(attributes)/>") == .tooManyAttributes(element: "request", limit: 64))
        let value = String(repeating: "é", count: 2049)
        #expect(refusal(of: "<request v=\"\(value)\"/>") == .attributeTooLong(attribute: "v", limitBytes: 4096))
        let text = String(repeating: "x", count: 16_385)
        #expect(refusal(of: "<request>\(text)</request>") == .textTooLong(element: "request", limitBytes: 16_384))
        let elements = String(repeating: "<a/>", count: 2000)
        #expect(refusal(of: "<request>\(elements)</request>") == .tooManyElements(limit: 2000))
        let apps = String(repeating: "<app appid=\"a\"/>", count: 33)
        #expect(refusal(of: "<request>\(apps)</request>") == .tooManyApps(limit: 32))
    }

    @Test("what stays just inside the limits is read")
    func insideLimits() throws {
        let attributes = (0..<64).map { " a\($0)=\"\"" }.joined()
        #expect(refusal(of: "<request\(attributes)/>") == nil)
        #expect(refusal(of: "<request v=\"\(String(repeating: "é", count: 2048))\"/>") == nil)
        #expect(refusal(of: "<request>\(String(repeating: "<a/>", count: 1999))</request>") == nil)
        let apps = String(repeating: "<app appid=\"a\"/>", count: 32)
        #expect(try OmahaRequest(xml: "<request>\(apps)</request>".bytes).apps.count == 32)
        let depth = String(repeating: "<a>", count: 15) + String(repeating: "</a>", count: 15)
        #expect(refusal(of: "<request>\(depth)</request>") == nil)
    }

    @Test("a token that never ends is refused by size")
    func endlessToken() {
        for start in ["<request a=\"", "<!--", "<![CDATA[", "<?x ", "<", "<request>&"] {
            let endless = start + String(repeating: "a", count: 2 << 20)
            #expect(refusal(of: endless, limits: .response) == .tooLarge(limitBytes: 1 << 20))
            #expect(refusal(of: String(endless.prefix(60_000))) != nil)
        }
    }

    @Test("comments, processing instructions, a byte-order mark and unknown parts are passed over")
    func passedOver() throws {
        let text = """
            \u{FEFF}<?xml version="1.0"?><!-- c --><?pi x?><request protocol="3.0" new="1"><!-- c --><?pi y?>\
            <later><app appid="inner"/></later>text<app appid="a" shiny="yes"><x:ping/><![CDATA[<event/>]]></app>\
            </request>
            """
        let request = try OmahaRequest(xml: text.bytes)
        #expect(request.apps.map(\.id) == ["a"])
        #expect(request.apps.first?.ping == nil)
        #expect(request.apps.first?.events == [])
    }

    @Test("a message of the other kind, or none at all, is named")
    func otherRoot() throws {
        #expect(refusal(of: "<html></html>") == .unexpectedRoot(found: "html", expected: "request"))
        let error = #expect(throws: OmahaParseError.self) { _ = try OmahaResponse(xml: "<request/>".bytes) }
        #expect(error == .unexpectedRoot(found: "request", expected: "response"))
        #expect(error?.errorCode == .omahaResponseInvalid)
    }

    @Test("numbers that are none, or too large, are named")
    func numbers() {
        func event(_ attributes: String) -> String {
            "<request><app appid=\"a\"><event \(attributes)/></app></request>"
        }
        let huge = "99999999999999999999"
        #expect(refusal(of: event("eventtype=\"\(huge)\"")) == .invalid(attribute: "eventtype", value: huge))
        #expect(refusal(of: event("eventresult=\"x\"")) == .invalid(attribute: "eventresult", value: "x"))
        #expect(refusal(of: event("errorcode=\"4294967296\"")) == .invalid(attribute: "errorcode", value: "4294967296"))
        #expect(refusal(of: event("")) == nil)
        #expect(refusal(of: "<request><app/></request>") == .missing(attribute: "appid", element: "app"))
    }

    @Test("every refusal is one line that fits a terminal, and bad data")
    func messages() {
        let errors: [OmahaParseError] = [
            .empty, .notWellFormed(line: 1, column: 2, reason: "x"), .doctypeRefused, .tooLarge(limitBytes: 65_536),
            .tooDeep(limit: 16), .tooManyElements(limit: 9), .tooManyAttributes(element: "e", limit: 64),
            .attributeTooLong(attribute: "a", limitBytes: 4096), .textTooLong(element: "e", limitBytes: 4096),
            .tooManyApps(limit: 32), .unexpectedRoot(found: String(repeating: "h", count: 5000), expected: "request"),
            .missing(attribute: "a", element: "e"), .invalid(attribute: "a", value: "\u{1B}[31m\n"),
        ]
        for error in errors {
            #expect(error.userMessage.exit == .badData)
            #expect(error.userMessage.line.count < 200)
            #expect(!error.userMessage.line.contains { $0.isNewline || $0 == "\u{1B}" })
        }
    }
}
