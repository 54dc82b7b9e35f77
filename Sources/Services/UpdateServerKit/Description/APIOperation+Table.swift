import AnyJSON
import HTTPTypes

// Every route of the server. A test compares this with what the router knows, so that neither has what the other lacks.
extension APIOperation {
    package static let all =
        general + applications + releases + payloads + channels + groups + rollouts + machines + tokens + beside

    private static let app = "applications/:application"

    private static func api(
        _ method: HTTPRequest.Method, _ path: String, _ name: String, _ summary: String, query: [Parameter] = [],
        takes body: Body? = nil, answers answer: Answer = .nothing, isConditional: Bool = false, hasTag: Bool = false,
        isOpen: Bool = false, mayWait: Bool = false
    ) -> APIOperation {
        APIOperation(
            method: method, path: "/api/v1/" + path, name: name, summary: summary, query: query, body: body,
            answer: answer, isConditional: isConditional, hasTag: hasTag, isOpen: isOpen,
            mayWait: mayWait)
    }

    private static func one(_ name: String, status: Int = 200) -> Answer { .json(.named(name), status: status) }
    private static func list(_ name: String) -> Answer { .json(.page(of: name)) }

    private static let page = [
        Parameter(name: "limit", schema: .integer(1...1000), description: "At most so many items; default 100."),
        Parameter(name: "offset", schema: .integer(0...2_147_483_647), description: "Items to skip."),
    ]
    private static let application = Parameter(
        name: "application", schema: .text, description: "Only of this application: its id or its name.")
    private static let version = Parameter(
        name: "version", schema: .version, description: "Only with this version.")
    private static let source = Parameter(
        name: "source", schema: .version,
        description: "The version that a delta starts from; none for the full payload.")

    private static let general = [
        api(.get, "openapi.json", "describe", "This document.", answers: .json(Schema(["type": "object"])), isOpen: true),
        api(.get, "status", "showStatus", "What the server says of itself.", answers: one("Status")),
        api(.get, "overview", "showOverview", "All that the page shows, bounded in size.", answers: one("Overview")),
        api(.get, "clock", "showClock", "Whether the server believes its clock.", answers: one("Clock")),
        api(.post, "clock/accept", "acceptClock", "Believes the clock as it is.", answers: one("Clock")),
    ]

    private static let applications = [
        api(.get, "applications", "listApplications", "Lists applications.", query: page, answers: list("Application")),
        api(
            .post, "applications", "createApplication", "Makes an application.", takes: .json("NewApplication"),
            answers: one("Application", status: 201)),
        api(.get, app, "showApplication", "Shows one.", answers: one("Application")),
        api(
            .patch, app, "renameApplication", "Renames one.", takes: .json("ApplicationEdit"),
            answers: one("Application")),
        api(.delete, app, "deleteApplication", "Deletes one that nothing uses."),
    ]

    private static let releases = [
        api(.get, app + "/releases", "listReleases", "Lists releases.", query: page, answers: list("Release")),
        api(
            .post, app + "/releases", "createRelease", "Makes a release.", takes: .json("NewRelease"),
            answers: one("Release", status: 201)),
        api(.get, app + "/releases/:version", "showRelease", "Shows one.", answers: one("Release")),
        api(
            .patch, app + "/releases/:version", "editRelease", "Changes its notes.", takes: .json("ReleaseEdit"),
            answers: one("Release")),
        api(.delete, app + "/releases/:version", "deleteRelease", "Deletes one without payloads."),
        api(
            .post, app + "/releases/:version/block", "blockRelease", "Offers it to nobody.",
            takes: .json("NewReleaseBlock"), answers: one("Release")),
        api(
            .delete, app + "/releases/:version/block", "unblockRelease", "Lets it be offered again.",
            answers: one("Release")),
        api(
            .post, app + "/releases/:version/floor", "setFloor", "Makes machines below it take it first.",
            takes: .json("NewReleaseFloor"), answers: one("Release")),
        api(
            .delete, app + "/releases/:version/floor", "removeFloor", "Lets machines pass it over.",
            answers: one("Release")),
    ]

    private static let payload = app + "/releases/:version/payloads/:architecture"
    private static let payloads = [
        api(
            .get, app + "/payloads", "listPayloads", "Lists payloads.", query: page + [version],
            answers: list("Payload")),
        api(.get, payload, "showPayload", "Shows one.", query: [source], answers: one("Payload")),
        api(
            .put, payload, "uploadPayload", "Uploads a payload.",
            query: [
                source,
                Parameter(
                    name: "name", schema: .pattern("^[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,127}$"),
                    description: "What clients call the file."),
            ], takes: .payload, answers: one("Payload", status: 201)),
        api(
            .get, payload + "/upload", "showUpload", "How much is kept of an upload that broke off.",
            query: [Parameter(name: "sha256", schema: .digest, description: "Of the whole file.", isRequired: true)],
            answers: one("UploadState")),
        api(
            .post, payload + "/elsewhere", "addPayloadElsewhere",
            "Adds a payload that lies elsewhere; it is fetched once.",
            query: [source], takes: .json("NewPayloadElsewhere"), answers: one("Payload", status: 201)),
        api(
            .get, payload + "/elsewhere", "showFetch", "How far the server is with fetching it.", query: [source],
            answers: one("FetchState")),
        api(.delete, payload, "deletePayload", "Deletes one.", query: [source]),
    ]

    private static let channel = app + "/channels/:channel"
    private static let channels = [
        api(.get, app + "/channels", "listChannels", "Lists channels.", query: page, answers: list("Channel")),
        api(.get, channel, "showChannel", "Shows one.", answers: one("Channel"), hasTag: true),
        api(
            .put, channel, "setChannel", "Points it at a release, making it where it is missing.",
            takes: .json("ChannelTarget"), answers: one("Channel"), isConditional: true, hasTag: true, mayWait: true),
        api(
            .patch, channel, "editChannel", "Changes how it comes to its releases; makes it where it is missing.",
            takes: .json("ChannelEdit"), answers: one("Channel"), isConditional: true, hasTag: true),
        api(.delete, channel, "deleteChannel", "Deletes one that nothing follows.", isConditional: true),
        api(
            .post, channel + "/promote", "promote", "Points another channel at this one's release.",
            takes: .json("Promotion"), answers: one("Channel"), isConditional: true, hasTag: true, mayWait: true),
        api(
            .post, channel + "/approve", "approveMove", "Makes the move that waits, as the second person.",
            takes: .json("MoveApproval"), answers: one("Channel"), hasTag: true),
        api(
            .delete, channel + "/request", "rejectMove", "Turns down the move that waits.",
            query: [Parameter(name: "reason", schema: .label, description: "Why, for people.")],
            answers: one("Channel"), hasTag: true),
        api(
            .get, channel + "/moves", "listMoves", "How it came to its releases, newest first.", query: page,
            answers: list("ChannelMove")),
    ]

    private static let group = app + "/groups/:group"
    private static let groups = [
        api(.get, app + "/groups", "listGroups", "Lists groups.", query: page, answers: list("Group")),
        api(
            .post, app + "/groups", "createGroup", "Makes a group.", takes: .json("NewGroup"),
            answers: one("Group", status: 201), hasTag: true),
        api(.get, group, "showGroup", "Shows one.", answers: one("Group"), hasTag: true),
        api(
            .patch, group, "editGroup", "Changes one; what is left out stays.", takes: .json("GroupEdit"),
            answers: one("Group"), isConditional: true, hasTag: true),
        api(.delete, group, "deleteGroup", "Deletes one without machines.", isConditional: true),
        api(
            .post, group + "/secrets", "createGroupSecret", "Makes a secret; the group is private with its first one.",
            answers: one("CreatedGroupSecret", status: 201)),
        api(
            .delete, group + "/secrets/:secret", "revokeGroupSecret", "Makes a secret worth nothing.",
            query: [
                Parameter(
                    name: "open", schema: .flag,
                    description: "Whether the group's last secret may go; the group is open to everybody then.")
            ]),
    ]

    private static let rollouts = [
        api(.post, group + "/resume", "resume", "Lets its roll-out go on.", answers: one("Group"), isConditional: true),
        api(
            .post, group + "/pause", "pause", "Offers the release to nobody.", takes: .json("RolloutAct"),
            answers: one("Group"), isConditional: true),
        api(
            .post, group + "/abort", "abort", "Withdraws the release.", takes: .json("RolloutAct"),
            answers: one("Group"), isConditional: true),
        api(.post, group + "/undo", "undo", "Sends it back.", takes: .json("NewUndo"), answers: one("Group"), isConditional: true),
        api(.delete, group + "/undo", "endUndo", "Lets it follow its channel again.", answers: one("Group"), isConditional: true),
        api(.get, group + "/holds", "listHolds", "Why its machines wait, added up.", answers: list("GroupHold")),
    ]

    private static let machine = app + "/machines/:machine"
    private static let machines = [
        api(
            .get, "machines", "listMachines", "Lists machines.",
            query: page + [
                application, Parameter(name: "group", schema: .identifier, description: "Only of this group."), version,
                Parameter(name: "stage", schema: .stage, description: "Only in this stage."),
                Parameter(name: "hold", schema: .hold, description: "Only those that wait for this reason."),
                Parameter(name: "clones", schema: .words(["true"]), description: "Only ids that several share."),
            ], answers: list("Machine")),
        api(.get, machine, "showMachine", "Shows one.", answers: one("Machine"), hasTag: true),
        api(
            .patch, machine, "editMachine", "Labels, moves, pins or holds one.", takes: .json("MachineEdit"),
            answers: one("Machine"), isConditional: true, hasTag: true),
        api(.delete, machine, "forgetMachine", "Forgets one."),
        api(.get, machine + "/why", "explainMachine", "Why it stands where it stands.", answers: one("Why")),
        api(
            .post, machine + "/rollback", "orderRollback", "Orders it back to the release before.",
            takes: .json("NewRollback"), answers: one("Machine")),
        api(.delete, machine + "/rollback", "withdrawRollback", "Takes the order back.", answers: one("Machine")),
        api(.post, machine + "/release", "releaseMachine", "Offers it again what it left.", answers: one("Machine")),
        api(
            .get, "events", "listEvents", "Lists events, newest first; the total stops at 10 000.",
            query: page + [
                application, Parameter(name: "machine", schema: .identifier, description: "Only of this machine."),
                Parameter(name: "group", schema: .identifier, description: "Only of this group."),
            ], answers: list("Event")),
    ]

    private static let tokens = [
        api(.get, "tokens", "listTokens", "Lists tokens.", query: page, answers: list("Token")),
        api(
            .post, "tokens", "createToken", "Makes a token.", takes: .json("NewToken"),
            answers: one("CreatedToken", status: 201)),
        api(.get, "tokens/:token", "showToken", "Shows one without its secret.", answers: one("Token")),
        api(.delete, "tokens/:token", "revokeToken", "Revokes one."),
    ]

    private static func plain(
        _ method: HTTPRequest.Method, _ path: String, _ name: String, _ summary: String, _ type: String,
        _ statuses: [Int], takes body: Body? = nil, isOpen: Bool = true
    ) -> APIOperation {
        APIOperation(
            method: method, path: path, name: name, summary: summary, body: body,
            answer: .other(mediaType: type, statuses: statuses), isOpen: isOpen)
    }

    /// Beside the API.
    private static let beside = [
        plain(.get, "/", "showPage", "The page.", "text/html", [200, 401, 403, 421, 500], isOpen: false),
        plain(.get, "/healthz", "isAlive", "Whether the program is alive.", "text/plain", [200]),
        plain(.get, "/readyz", "isReady", "Whether its store answers and takes.", "text/plain", [200, 503]),
        plain(
            .get, "/metrics", "showMetrics", "Figures for Prometheus.", "text/plain", [200, 401, 403, 421, 500],
            isOpen: false),
        plain(
            .get, "/payloads/:digest/:name", "download", "The bits of a payload, whole or in part.",
            "application/octet-stream", [200, 206, 304, 401, 404, 412, 416, 500]),
        plain(
            .get, "/payloads/with/:pass/:digest/:name", "downloadWithPass", "The same for machines of private groups.",
            "application/octet-stream", [200, 206, 304, 401, 404, 412, 416, 500]),
        plain(
            .post, "/v1/update", "checkIn", "What machines ask and report: Omaha 3.", "text/xml",
            [200, 400, 408, 413, 500, 503, 507], takes: .omaha),
        plain(
            .post, "/v1/update/:secret", "checkInWithSecret", "The same for machines of private groups.", "text/xml",
            [200, 400, 408, 413, 500, 503, 507], takes: .omaha),
    ]
}
