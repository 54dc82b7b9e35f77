import UpdateModel

extension OmahaResponse {
    /// The document, byte for byte as Nebraska lays it out; attributes that it does not know come last.
    public func xml() -> [UInt8] {
        var writer = XMLWriter()
        writer.start("response", [("protocol", protocolVersion), ("server", server)])
        if let dayStart {
            writer.empty(
                "daystart",
                [
                    ("elapsed_seconds", "\(dayStart.elapsedSeconds)"),
                    ("elapsed_days", dayStart.elapsedDays.map { "\($0)" }),
                ])
        }
        for app in apps { app.write(to: &writer) }
        writer.end("response")
        writer.newline()
        return writer.bytes
    }
}

extension OmahaResponse.App {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.start("app", [("appid", id), ("status", status.rawValue)])
        if let pingStatus { writer.empty("ping", [("status", pingStatus)]) }
        updateCheck?.write(to: &writer)
        for status in eventStatuses { writer.empty("event", [("status", status)]) }
        writer.end("app")
    }
}

extension OmahaResponse.UpdateCheck {
    /// `urls` is written even when it is empty, as the servers in the field do.
    fileprivate func write(to writer: inout XMLWriter) {
        writer.start(
            "updatecheck",
            [
                ("status", status.rawValue), ("PollInterval", pollIntervalSeconds.map { "\($0)" }),
                ("hold", hold?.reason), ("hold_text", hold?.text), ("hold_until", hold?.untilText),
                ("act", act?.name.rawValue), ("act_id", act?.id),
                ("act_text", act?.text?.shortened(toBytes: OmahaAct.textByteCountMax)),
                ("hold_lifted", isHoldLifted ? "true" : nil),
            ])
        writer.start("urls")
        for codebase in codebases { writer.empty("url", [("codebase", codebase)]) }
        writer.end("urls")
        for manifest in manifests { manifest.write(to: &writer) }
        writer.end("updatecheck")
    }
}

extension OmahaResponse.Manifest {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.start(
            "manifest",
            [
                ("version", version), ("is_floor", isFloor ? "true" : nil), ("floor_reason", floorReason),
                ("is_target", isTarget ? "true" : nil),
            ])
        writer.start("packages")
        for package in packages { package.write(to: &writer) }
        writer.end("packages")
        writer.start("actions")
        for action in actions { action.write(to: &writer) }
        writer.end("actions")
        writer.end("manifest")
    }
}

extension OmahaResponse.Package {
    /// `required` is always written: one client in the field cannot do without.
    fileprivate func write(to writer: inout XMLWriter) {
        writer.start(
            "package",
            [
                ("name", name), ("hash", sha1Base64), ("hash_sha256", sha256?.hexadecimal), ("size", "\(size)"),
                ("required", isRequired ? "true" : "false"),
            ])
        for item in metadata {
            writer.start("metadata", [("content-type", item.contentType)])
            writer.escaped(item.text)
            writer.end("metadata")
        }
        writer.end("package")
    }
}

extension OmahaResponse.Action {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.empty("action", attributes + heritage)
    }

    private var attributes: [(StaticString, String?)] {
        [
            ("event", event.rawValue), ("DisplayVersion", displayVersion), ("sha256", sha256?.base64),
            ("needsadmin", needsAdmin ? "true" : nil), ("IsDeltaPayload", isDeltaPayload ? "true" : nil),
            ("DisablePayloadBackoff", disablesPayloadBackoff ? "true" : nil),
            ("MaxFailureCountPerUrl", failureCountPerURLMax.map { "\($0)" }),
            ("MetadataSignatureRsa", metadataSignatureRSA), ("MetadataSize", metadataSize), ("deadline", deadline),
        ]
    }

    private var heritage: [(StaticString, String?)] {
        [
            ("ChromeOSVersion", chromeOSVersion), ("IsDelta", isDelta), ("ManifestSize", manifestSize),
            ("ManifestSignatureRsa", manifestSignatureRSA), ("MaxDaysToScatter", daysToScatterMax),
            ("MoreInfo", moreInfo), ("Prompt", prompt), ("run", run), ("arguments", arguments),
            ("successaction", successAction),
        ]
    }
}
