import AnyJSON
import UpdateModel

// What the server takes: the requests of `FleetAPI`, as schemas. What is not named here is passed over.
extension Schema {
    private static let year: ClosedRange<Int64> = 0...31_536_000
    private static let deadline = integer(60...31_536_000)

    private static func stages(_ value: Schema) -> Schema {
        edit([:], ["offered": value, "downloading": value, "downloaded": value, "installed": value])
    }

    static let requests: [String: Schema] = [
        "NewApplication": object(["id": application, "name": label]),
        "ApplicationEdit": object(["name": label]),
        "NewRelease": edit(["version": version], ["notes": notes]),
        "ReleaseEdit": object(["notes": notes]),
        "NewReleaseBlock": object(["reason": label]),
        "NewReleaseFloor": edit(["reason": label], ["channels": list(of: identifier)]),
        "NewPayloadElsewhere": edit(["urls": payloadURLs], ["sha256": digest]),
        "ChannelTarget": edit(["version": version], ["reason": label]),
        "ChannelEdit": edit([:], ["follows": follow, "secondPerson": flag]),
        "Promotion": edit(["to": identifier], ["reason": label]),
        "MoveApproval": object(["version": version]),
        "PolicyEdit": policy,
        "NewGroup": edit(
            ["name": identifier, "track": identifier, "channel": identifier],
            ["policy": named("PolicyEdit"), "labels": labelQuery]),
        "GroupEdit": edit(
            [:], [
                "track": identifier, "channel": identifier, "policy": named("PolicyEdit"), "labels": labelQuery,
            ]),
        "RolloutAct": edit([:], ["version": version, "reason": label]),
        "NewUndo": edit([:], ["to": version, "reason": label]),
        "MachineEdit": edit(
            [:],
            [
                "labels": map(of: labelWord.orNull), "group": identifier, "pin": version, "held": flag, "reason": label,
            ]),
        "NewRollback": edit([:], ["reason": label]),
        "NewToken": edit(["name": label], ["role": role]),
    ]

    private static let follow = edit(
        ["channel": identifier], ["soakSeconds": integer(year), "machines": integer(0...1_000_000)])
    /// Takes whatever ``PayloadURL`` takes, and little more: a name or an address, a port, and a path without empty
    /// parts.
    static let payloadURL = Schema([
        "type": "string", "maxLength": .integer(Int64(PayloadURL.byteCountMaximum)),
        "pattern": .text(
            #"^[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:0*[1-9][0-9]{0,4})?"#
                + #"(/([A-Za-z0-9._~!$'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+$"#),
    ])
    private static let payloadURLs = Schema([
        "type": "array", "minItems": 1, "maxItems": 8, "uniqueItems": true,
        "items": payloadURL.described("Ends in a file's name; no user, no query. All end in the same name.").json,
    ])
    private static let semanticVersion = pattern("^(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})$")
        .described("Such as 2.0.0; whatever follows Semantic Versioning is taken.")
    private static let notes = Schema(["type": "string", "maxLength": 65_536])
    private static let labelWord = pattern("^[A-Za-z0-9._/-]{1,63}$")
    private static let labelQuery = pattern(
        "^(!?[A-Za-z0-9._/-]{1,63}|[A-Za-z0-9._/-]{1,63}!?=[A-Za-z0-9._/-]{1,63})"
            + "(,(!?[A-Za-z0-9._/-]{1,63}|[A-Za-z0-9._/-]{1,63}!?=[A-Za-z0-9._/-]{1,63})){0,2}$"
    ).described("Such as role=web,zone!=eu,gpu,!old; up to 16 parts and 512 bytes are taken.")
    private static let window = pattern(
        "^((daily|(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?) )?"
            + "([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]( UTC)?$"
    ).described("Such as mon-fri 22:00-06:00 Europe/Berlin; more days stand between commas.")

    private static let policy = edit(
        [:],
        [
            "enabled": flag, "maxInProgress": count, "stopAfterFailures": integer(1...Int64.max),
            "stageDeadlineSeconds": deadline, "stageDeadlines": stages(deadline),
            "rate": object(["maximum": integer(1...Int64.max), "seconds": integer(1...31_536_000)]), "ramp": ramp,
            "downloadRate": integer(1000...1_000_000_000_000, "Bytes a second."),
            "canary": edit(
                ["size": integer(1...100_000), "soakSeconds": integer(year)], ["labels": labelQuery]),
            "windows": list(of: window), "deltas": deltas, "downgrade": downgrade, "minimumVersion": semanticVersion,
            "after": edit(["group": identifier], ["percent": integer(1...100), "soakSeconds": integer(year)]),
            "brakes": edit(
                [:],
                [
                    "failurePercent": integer(1...100), "failureSample": integer(1...1_000_000),
                    "timeOuts": stages(integer(1...Int64.max)), "silent": integer(1...Int64.max),
                    "silenceSeconds": integer(300...31_536_000),
                ]),
        ])
}
