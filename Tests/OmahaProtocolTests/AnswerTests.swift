import FoundationEssentials
import OmahaProtocol
import Testing
import UpdateModel

/// What a machine makes of a response, step by step as `update_engine` does.
@Suite("Answers")
struct AnswerTests {
    private static let sha256 = "vQjjO7A8Dki1OovDDdgcSmkT4vzBoTLapfYjwz9dCqg="
    private static let action = "<actions><action event=\"postinstall\" sha256=\"\(sha256)\"/></actions>"
    private static let package = "<packages><package name=\"p\" size=\"5\"/></packages>"
    private static let urls = "<urls><url codebase=\"http://a/b\"/></urls>"

    private func answer(_ inside: String, appid: String = "{E96281A6-d1af-4bde-9a0a-97b76e56dc57}") throws
        -> OmahaAnswer
    {
        let text = "<response protocol=\"3.0\"><app appid=\"\(appid)\" status=\"error-x\">\(inside)</app></response>"
        return try OmahaResponse(xml: text.bytes).answer(for: .flatcar)
    }

    private func offer(_ inside: String, check: String = "") throws -> OmahaAnswer {
        try answer("<updatecheck status=\"ok\"\(check)>\(inside)</updatecheck>")
    }

    private func isInvalid(_ answer: OmahaAnswer) -> Bool {
        if case .invalid(.omahaResponseInvalid, _) = answer { return true }
        return false
    }

    @Test("the offer of the specification is taken, with the extension package beside the payload")
    func extraPackage() throws {
        let hexadecimal = "a727efd6ae27227778379f06d84c2ea3dbbb867776ee3010272f547582902668"
        let found = try offer(
            """
            <urls><url codebase="https://one/x"></url><url codebase="https://two/x/"></url></urls>
            <manifest version="4230.2.3"><packages>
            <package name="update.gz" hash="RhbGBdIPt8DCXRVRzr++bC3gIEw=" size="473120945" required="true"></package>
            <package name="oem.gz" hash="x" hash_sha256="\(hexadecimal)" size="1515985" required="false"></package>
            </packages><actions><action event="install"/>
            <action event="postinstall" sha256="\(Self.sha256)" IsDeltaPayload="true"
            MaxFailureCountPerUrl="3" deadline="now"/>
            </actions></manifest>
            """, check: " PollInterval=\"600\"")
        guard case .offer(let offer) = found else {
            Issue.record("not an offer: \(found)")
            return
        }
        #expect(offer.urls == ["https://one/x/update.gz", "https://two/x/update.gz"])
        #expect(offer.version == "4230.2.3")
        #expect(offer.size == 473_120_945)
        #expect(offer.digest.base64 == Self.sha256)
        #expect(offer.isDelta)
        #expect(!offer.disablesPayloadBackoff)
        #expect(offer.failureCountPerURLMax == 3)
        #expect(offer.deadline == "now")
        #expect(offer.pollInterval == .seconds(600))
        let extra = try #require(offer.extraPackages.first)
        #expect(offer.extraPackages.count == 1)
        #expect(extra.package.name == "oem.gz")
        #expect(extra.package.sha256 == SHA256Digest(hexadecimal: hexadecimal))
        #expect(!extra.package.isRequired)
        #expect(extra.urls == ["https://one/x/oem.gz", "https://two/x/oem.gz"])
    }

    @Test(
        "an offer that lacks something needed is failure 34",
        arguments: [
            "", urls, "<manifest version=\"1\">\(package)\(action)</manifest>",
            "<urls/><manifest>\(package)\(action)</manifest>",
            "<urls><url codebase=\"\"/></urls><manifest>\(package)\(action)</manifest>",
            "<urls><url codebase=\"a\"/><url/></urls><manifest>\(package)\(action)</manifest>",
            "\(urls)<manifest>\(action)</manifest>",
            "\(urls)<manifest><packages><package size=\"5\"/></packages>\(action)</manifest>",
            "\(urls)<manifest><packages><package name=\"p\" size=\"0\"/></packages>\(action)</manifest>",
            "\(urls)<manifest><packages><package name=\"p\" size=\"-1\"/></packages>\(action)</manifest>",
            "\(urls)<manifest><packages><package name=\"p\" size=\"9223372036854775808\"/></packages>\(action)"
                + "</manifest>",
            "\(urls)<manifest><packages><package name=\"p\" size=\"5 MB\"/></packages>\(action)</manifest>",
            "\(urls)<manifest>\(package)</manifest>",
            "\(urls)<manifest>\(package)<actions><action event=\"install\" sha256=\"\(sha256)\"/></actions></manifest>",
            "\(urls)<manifest>\(package)<actions><action event=\"postinstall\" sha256=\"\"/></actions></manifest>",
            "\(urls)<manifest>\(package)<actions><action event=\"postinstall\" sha256=\"x\"/></actions></manifest>",
        ])
    func incomplete(inside: String) throws {
        #expect(isInvalid(try offer(inside)))
    }

    @Test("the same offer with everything is taken")
    func complete() throws {
        guard case .offer(let offer) = try offer("\(Self.urls)<manifest>\(Self.package)\(Self.action)</manifest>")
        else {
            Issue.record("refused")
            return
        }
        #expect(offer.urls == ["http://a/b/p"])
        #expect(offer.failureCountPerURLMax == 10)
    }

    @Test("the digest may be written in either spelling, and only the first of several manifests counts")
    func spellings() throws {
        let hexadecimal = try #require(SHA256Digest(base64: Self.sha256)).hexadecimal
        let actions = "<actions><action event=\"postinstall\" sha256=\"\(hexadecimal)\"/></actions>"
        let found = try offer(
            "\(Self.urls)<manifest version=\"1\">\(Self.package)\(actions)</manifest><manifest version=\"2\"/>"
        )
        guard case .offer(let offer) = found else {
            Issue.record("not an offer: \(found)")
            return
        }
        #expect(offer.version == "1")
        #expect(offer.digest.base64 == Self.sha256)
    }

    @Test("no update is no failure, and carries the interval and the reason")
    func noUpdate() throws {
        #expect(try answer("<updatecheck status=\"noupdate\"/>") == .noUpdate(pollInterval: nil, hold: nil))
        let held = try answer(
            """
            <updatecheck status="noupdate" PollInterval="10800" hold="window" hold_text="Window opens at 02:00." \
            hold_until="2026-11-22T02:00:00Z"/>
            """)
        let until = Date(timeIntervalSince1970: 1_795_312_800)
        let hold = OmahaHold(reason: "window", text: "Window opens at 02:00.", until: until)
        #expect(held == .noUpdate(pollInterval: .seconds(10_800), hold: hold))
    }

    @Test("an estimate that cannot be read is no estimate", arguments: ["", "soon", "2026-13-40T00:00:00Z", "-1"])
    func strangeEstimate(text: String) throws {
        let held = try answer("<updatecheck status=\"noupdate\" hold=\"ramp\" hold_until=\"\(text)\"/>")
        #expect(held == .noUpdate(pollInterval: nil, hold: OmahaHold(reason: "ramp")))
    }

    @Test("an interval that makes no sense is none", arguments: ["0", "-5", "x", "", "99999999999999999999"])
    func strangeInterval(text: String) throws {
        let found = try answer("<updatecheck status=\"noupdate\" PollInterval=\"\(text)\"/>")
        #expect(found == .noUpdate(pollInterval: nil, hold: nil))
    }

    @Test("a server's error is that the server declined", arguments: ["error-internal", "error-hash", "error-new"])
    func declined(status: String) throws {
        let found = try answer("<updatecheck status=\"\(status)\"><urls></urls></updatecheck>")
        #expect(
            found == .declined(OmahaUpdateCheckStatus(rawValue: status), app: OmahaAppStatus(rawValue: "error-x")))
    }

    @Test("without a check, a status or the application there is no answer")
    func nothing() throws {
        #expect(isInvalid(try answer("")))
        #expect(isInvalid(try answer("<updatecheck/>")))
        #expect(isInvalid(try answer("<updatecheck status=\"OK\"/>")))
        #expect(isInvalid(try answer("<updatecheck status=\"noupdate\"/>", appid: "other")))
        #expect(isInvalid(try answer("<updatecheck status=\"noupdate\"/>", appid: "}{ not a name")))
    }

    @Test("the application is found in either spelling", arguments: ["e96281a6-d1af-4bde-9a0a-97b76e56dc57"])
    func spelling(appid: String) throws {
        #expect(
            try answer("<updatecheck status=\"noupdate\"/>", appid: appid) == .noUpdate(pollInterval: nil, hold: nil))
    }
}
