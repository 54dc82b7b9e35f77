import UpdateModel

extension OmahaRequest {
    /// The document, byte for byte as `update_engine` lays it out; attributes that it does not know come last.
    public func xml() -> [UInt8] {
        var writer = XMLWriter()
        writer.start(
            "request",
            [
                ("protocol", protocolVersion), ("version", version), ("updaterversion", updaterVersion),
                ("installsource", installSource?.rawValue), ("ismachine", isMachine.map { $0 ? "1" : "0" }),
                ("requestid", requestID), ("sessionid", sessionID), ("userid", userID), ("testsource", testSource),
            ])
        writer.newline()
        if let operatingSystem {
            writer.indent(1)
            operatingSystem.write(to: &writer)
            writer.newline()
        }
        for app in apps { app.write(to: &writer) }
        writer.end("request")
        writer.newline()
        return writer.bytes
    }
}

extension OmahaRequest.OperatingSystem {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.empty(
            "os", [("version", version), ("platform", platform), ("sp", servicePack), ("arch", architecture)])
    }
}

extension OmahaRequest.App {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.indent(1)
        writer.start("app", attributes, closing: " >")  // The space is what `update_engine` sends.
        writer.newline()
        if let ping {
            writer.indent(2)
            ping.write(to: &writer)
            writer.newline()
        }
        if let updateCheck {
            writer.indent(2)
            writer.empty("updatecheck", [("targetversionprefix", updateCheck.targetVersionPrefix)])
            writer.newline()
        }
        for event in events {
            writer.indent(2)
            event.write(to: &writer)
            writer.newline()
        }
        writer.indent(1)
        writer.end("app")
        writer.newline()
    }

    private var attributes: [(StaticString, String?)] {
        [
            ("appid", id), ("version", version), ("track", track), ("bootid", bootID), ("oem", oem),
            ("oemversion", oemVersion), ("alephversion", alephVersion), ("machineid", machineID),
            ("machinealias", machineAlias), ("lang", language), ("board", board), ("hardware_class", hardwareClass),
            ("delta_okay", acceptsDeltas ? "true" : "false"), ("client", client),
            ("installage", installAge.map { "\($0)" }), ("nextversion", nextVersion), ("from_track", fromTrack),
            ("multi_manifest_ok", acceptsMultipleManifests ? "true" : nil), ("booted_slot", bootedSlot?.rawValue),
            ("engine", engine),
        ]
    }
}

extension OmahaRequest.Ping {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.empty(
            "ping",
            [
                ("active", isActive ? "1" : "0"), ("a", daysSinceActive.map { "\($0)" }),
                ("r", daysSinceRollCall.map { "\($0)" }), ("ad", activeDay.map { "\($0)" }),
                ("rd", rollCallDay.map { "\($0)" }),
            ])
    }
}

extension OmahaEvent {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.empty(
            "event",
            [
                ("eventtype", "\(type.rawValue)"), ("eventresult", "\(result.rawValue)"),
                ("errorcode", errorCode.map { "\($0.rawValue)" }), ("previousversion", previousVersion),
                ("nextversion", nextVersion), ("reason", reason?.shortened(toBytes: Self.reasonByteCountMax)),
                ("failed_version", failedVersion), ("failed_digest", failedDigest?.hexadecimal),
                ("act_id", actID),
            ])
    }
}
