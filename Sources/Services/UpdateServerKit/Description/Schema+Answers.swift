import AnyJSON
import FleetModel

// What the server answers: the types of `FleetAPI`, as schemas. Clients pass over what they do not know.
extension Schema {
    static let answers: [String: Schema] = catalogue.merging(groups) { $1 }.merging(machines) { $1 }.merging(others) { $1 }

    private static let catalogue: [String: Schema] = [
        "Application": object(["id": application, "name": text, "createdAt": time]),
        "Release": object(
            [
                "application": application, "version": version, "notes": text, "createdAt": time,
                "payloads": list(of: named("Payload")),
            ],
            optional: [
                "block": object(["by": text, "at": time, "reason": text]),
                "floor": object(["by": text, "at": time, "reason": text, "channels": list(of: identifier)]),
            ]),
        "Payload": object(
            [
                "application": application, "version": version, "architecture": architecture, "sha256": digest,
                "sha1": text.described("In Base64, as Omaha has it."), "size": count, "fileName": text,
                "format": integer(1...2), "url": text, "addedAt": time,
            ],
            optional: [
                "source": version.described("The version that a delta starts from."),
                "mirrors": list(
                    of: object(
                        ["url": text],
                        optional: [
                            "trouble": words(MirrorTrouble.Kind.allCases.map(\.rawValue)), "text": text, "since": time,
                        ])
                ),
            ]),
        "UploadState": object(["received": count]),
        "FetchState": object(["received": count], optional: ["url": text, "size": count]),
        "Channel": object(
            ["application": application, "name": identifier, "changedAt": time, "etag": text],
            optional: [
                "version": version, "follows": named("Follow"), "secondPerson": flag, "request": named("MoveRequest"),
                "following": object(["state": text, "text": text], optional: ["until": time]),
            ]),
        "Follow": object(["channel": identifier, "soakSeconds": count, "machines": count]),
        "MoveRequest": object(
            ["version": version, "by": text, "at": time], optional: ["promotedFrom": identifier, "reason": text]),
        "ChannelMove": object(
            [
                "channel": identifier, "version": version, "by": text, "at": time,
                "payloads": list(
                    of: object(["architecture": architecture, "sha256": digest], optional: ["source": version])),
            ],
            optional: [
                "previous": version, "promotedFrom": identifier, "reason": text, "request": named("MoveRequest"),
                "follow": named("Follow"), "record": named("ReleaseRecord"),
            ]),
        "ReleaseRecord": object(
            ["running": count, "completed": count, "failed": count, "silent": count, "parts": list(of: recordPart)],
            optional: ["since": time, "haltedIn": identifier]),
    ]

    private static let recordPart = object([
        "group": identifier, "running": count, "completed": count, "failed": count, "silent": count, "isHalted": flag,
    ])

    static let ramp = Schema([
        "anyOf": [
            object(["linearSeconds": integer(1...31_536_000)]).json,
            object([
                "steps": list(
                    of: object(["afterSeconds": integer(0...31_536_000), "percent": integer(0...100)]))
            ]).json,
        ]
    ])

    static let downgrade = words(DowngradePolicy.allCases.map(\.rawValue))
    static let deltas = words(DeltaPolicy.allCases.map(\.rawValue))

    private static let perStage = object(
        [:], optional: ["offered": count, "downloading": count, "downloaded": count, "installed": count])

    private static let groups: [String: Schema] = [
        "PerStage": perStage,
        "Policy": object(
            ["enabled": flag, "stageDeadlineSeconds": count],
            optional: [
                "maxInProgress": count, "stopAfterFailures": count, "stageDeadlines": named("PerStage"),
                "rate": object(["maximum": count, "seconds": count]), "downloadRate": count, "ramp": ramp,
                "canary": object(["size": count, "soakSeconds": count], optional: ["labels": text]),
                "windows": list(of: text), "deltas": deltas, "downgrade": downgrade, "minimumVersion": version,
                "after": object(["group": identifier, "percent": integer(0...100), "soakSeconds": count]),
                "brakes": object(
                    ["failureSample": count, "timeOuts": named("PerStage"), "silenceSeconds": count],
                    optional: ["failurePercent": integer(0...100), "silent": count]),
            ]),
        "Rollout": object(
            [
                "version": version, "state": words(["running", "stopped", "paused", "aborted"]), "granted": count,
                "inProgress": count, "completed": count, "failed": count, "expired": count,
            ],
            optional: [
                "stoppedAt": time, "stopReason": text, "brake": words(Brake.allCases.map(\.rawValue)),
                "control": object(
                    ["kind": words(RolloutControl.Kind.allCases.map(\.rawValue)), "by": text, "at": time],
                    optional: ["reason": text]),
                "notes": list(
                    of: object(["machine": identifier, "at": time, "text": text], optional: ["code": anyInteger])),
                "timedOut": named("PerStage"), "silent": count, "startedAt": time, "canariesDoneAt": time,
                "canariesDone": count, "rampStartedAt": time, "rampPercent": number,
            ]),
        "Group": object(
            [
                "application": application, "name": identifier, "track": identifier, "channel": identifier,
                "policy": named("Policy"), "createdAt": time, "etag": text,
                "machines": object(
                    [
                        "total": count, "byVersion": map(of: count), "byStage": map(of: count),
                        "byHold": map(of: count),
                    ], optional: ["clones": count]),
            ],
            optional: [
                "version": version, "rollout": named("Rollout"), "labels": text, "rolloutTag": text,
                "downloadsFreeAt": time, "secrets": list(of: object(["id": identifier, "by": text, "at": time])),
                "floors": list(
                    of: object(["version": version, "reason": text], optional: ["rollout": named("Rollout")])),
                "undo": object(
                    ["from": version, "to": version, "orderedBy": text, "orderedAt": time],
                    optional: ["reason": text]),
            ]),
        "CreatedGroupSecret": object(["id": identifier, "secret": text.described("Shown this once.")]),
        "GroupHold": object(["reason": hold, "text": text, "machines": count], optional: ["until": time]),
    ]

    private static let machines: [String: Schema] = [
        "Error": object(
            ["at": time], optional: ["code": anyInteger, "name": text, "meaning": text, "reason": text]),
        "Rollback": object(
            [
                "id": identifier, "state": words(RollbackOrder.State.allCases.map(\.rawValue)), "stateSince": time,
                "version": version, "orderedBy": text, "orderedAt": time,
            ], optional: ["reason": text, "outcome": text, "expiresAt": time]),
        "Machine": object(
            [
                "application": application, "id": identifier, "track": text, "version": version, "stage": stage,
                "stageSince": time, "firstSeenAt": time, "lastSeenAt": time, "etag": text,
            ],
            optional: [
                "alias": text, "group": identifier, "architecture": architecture, "bootedSlot": slot,
                "grantedVersion": version, "hold": object(["reason": hold, "text": text], optional: ["until": time]),
                "lastError": named("Error"), "rollback": named("Rollback"), "withheld": list(of: version),
                "engine": text, "address": text, "oem": text, "labels": map(of: text), "movedTo": identifier,
                "pin": version, "heldBy": object(["by": text, "at": time], optional: ["reason": text]),
                "clone": object(["since": time, "lastAt": time, "count": count, "boots": list(of: text)]),
            ]),
        "Why": object(["reason": text, "text": text, "since": time], optional: ["until": time]),
        "Event": object(
            [
                "number": count, "at": time, "application": application, "machine": identifier,
                "kind": words(MachineEvent.Kind.allCases.map(\.rawValue)), "text": text,
            ],
            optional: [
                "group": identifier, "type": anyInteger, "result": anyInteger, "error": named("Error"),
                "version": version, "previousVersion": text,
            ]),
    ]

    private static let others: [String: Schema] = [
        "Token": object(["id": identifier, "name": text, "role": role, "createdAt": time]),
        "CreatedToken": object(["token": named("Token"), "secret": text.described("Shown this once.")]),
        "Status": object(
            ["server": text, "version": text, "startedAt": time, "applications": count, "machines": count],
            optional: ["publicURL": text]),
        "Clock": object(["now": time, "trusted": flag], optional: ["jumpSeconds": anyInteger, "since": time]),
        "Overview": object(
            [
                "at": time, "serverVersion": text, "machines": page(of: "Machine"), "events": page(of: "Event"),
                "applications": list(
                    of: object(
                        [
                            "application": named("Application"), "channels": list(of: named("Channel")),
                            "groups": list(of: named("Group")),
                        ], optional: ["elsewhere": page(of: "Payload")])),
            ],
            optional: [
                "clock": named("Clock"), "admission": object(["refusals": count, "since": time, "until": time]),
            ]),
        "Problem": object(["type": text, "title": text, "status": integer(400...599), "detail": text]),
    ]
}
