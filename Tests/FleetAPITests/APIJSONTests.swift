import FleetAPI
import FleetModel
import FoundationEssentials
import Testing
import UpdateModel

@Suite("API values")
struct APIJSONTests {
    @Test("equal values are equal texts, with sorted keys and readable slashes")
    func canonical() throws {
        let channel = ChannelResource(
            application: try ApplicationID("{A}"), name: try ChannelName("stable"), version: try Version("2.0.0"),
            changedAt: Timestamp(microseconds: 1_769_860_800_000_000))
        let text = String(decoding: try APIJSON.encode(channel), as: UTF8.self)
        #expect(
            text
                == #"{"application":"{A}","changedAt":"2026-01-31T12:00:00Z","name":"stable","version":"2.0.0"}"#)
        #expect(try APIJSON.decode(ChannelResource.self, from: Data(text.utf8)) == channel)
    }

    @Test(
        "in a policy's change null takes a limit away, and what is absent stays",
        arguments: [
            ("{}", PolicyEdit()),
            (#"{"maxInProgress":null}"#, PolicyEdit(maxInProgress: .unlimited)),
            (#"{"maxInProgress":0}"#, PolicyEdit(maxInProgress: .limit(0))),
            (#"{"enabled":false,"stopAfterFailures":2}"#, PolicyEdit(enabled: false, stopAfterFailures: .limit(2))),
            (#"{"stageDeadlineSeconds":60}"#, PolicyEdit(stageDeadlineSeconds: 60)),
        ])
    func policyEdit(json: String, edit: PolicyEdit) throws {
        #expect(try APIJSON.decode(PolicyEdit.self, from: Data(json.utf8)) == edit)
        #expect(try APIJSON.decode(PolicyEdit.self, from: APIJSON.encode(edit)) == edit)
    }

    @Test(
        "a value of the wrong type is refused",
        arguments: [
            #"{"maxInProgress":"2"}"#, #"{"enabled":1}"#, #"{"maxInProgress":1e99}"#, #"{"maxInProgress":1.5}"#, "[]",
            "3",
        ])
    func wrongType(json: String) {
        #expect(throws: (any Error).self) { try APIJSON.decode(PolicyEdit.self, from: Data(json.utf8)) }
    }
}

@Suite("Percent encoding")
struct PercentEncodingTests {
    @Test(
        "a segment survives the way into a URL and back",
        arguments: [
            "plain", "{e96281a6-d1af}", "a/b", "..", "1.0.0+build", "ä ö", "100%", "?#&=", "",
        ])
    func roundTrip(text: String) {
        let encoded = PercentEncoding.encode(text)
        #expect(encoded.allSatisfy { $0.isASCII && !"/?#& ".contains($0) })
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test("what is no encoding is refused", arguments: ["%", "%2", "%zz", "%ff", "a%c3"])
    func refused(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }
}
