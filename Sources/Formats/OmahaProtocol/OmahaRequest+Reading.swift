import UpdateModel

extension OmahaRequest {
    /// Reads a request. Unknown elements and attributes are passed over, as the protocol asks; so are values that only
    /// inform and cannot be read.
    ///
    /// - Throws: ``OmahaParseError`` when the bytes are no request, go beyond `limits`, or name no application, or when
    ///   the numbers of an event are none.
    public init(xml bytes: some Collection<UInt8>, limits: XMLLimits = .request) throws(OmahaParseError) {
        let root = try ExpatParser.read(bytes, limits: limits)
        guard root.name == "request" else { throw .unexpectedRoot(found: root.name, expected: "request") }
        var apps: [App] = []
        for element in root.all("app") {
            guard apps.count < limits.apps else { throw .tooManyApps(limit: limits.apps) }
            apps.append(try App(element))
        }
        self.init(
            version: root.text("version"), installSource: root.attribute("installsource").map(OmahaInstallSource.init),
            operatingSystem: root.child("os").map(OperatingSystem.init), apps: apps)
        protocolVersion = root.text("protocol")
        updaterVersion = root.attribute("updaterversion")
        isMachine = root.claim("ismachine")
        requestID = root.attribute("requestid")
        sessionID = root.attribute("sessionid")
        userID = root.attribute("userid")
        testSource = root.attribute("testsource")
    }
}

extension OmahaRequest.OperatingSystem {
    fileprivate init(_ element: XMLElement) {
        self.init(servicePack: element.text("sp"), architecture: element.attribute("arch"))
        version = element.text("version")
        platform = element.text("platform")
    }
}

extension OmahaRequest.App {
    fileprivate init(_ element: XMLElement) throws(OmahaParseError) {
        guard let id = element.attribute("appid") else { throw .missing(attribute: "appid", element: "app") }
        self.init(
            id: id, version: element.text("version"), track: element.text("track"),
            machineID: element.text("machineid"))
        readRest(of: element)
        ping = element.child("ping").map(OmahaRequest.Ping.init)
        updateCheck = element.child("updatecheck").map {
            OmahaRequest.UpdateCheck(targetVersionPrefix: $0.attribute("targetversionprefix"))
        }
        for child in element.all("event") { events.append(try OmahaEvent(child)) }
    }

    private mutating func readRest(of element: XMLElement) {
        bootID = element.text("bootid")
        oem = element.text("oem")
        oemVersion = element.text("oemversion")
        alephVersion = element.text("alephversion")
        machineAlias = element.text("machinealias")
        language = element.text("lang")
        board = element.text("board")
        hardwareClass = element.text("hardware_class")
        acceptsDeltas = element.isTrue("delta_okay")
        client = element.attribute("client")
        installAge = element.number("installage")
        nextVersion = element.attribute("nextversion")
        fromTrack = element.attribute("from_track")
        acceptsMultipleManifests = element.isTrue("multi_manifest_ok")
        bootedSlot = element.attribute("booted_slot").flatMap(Slot.init)
        engine = element.attribute("engine")
    }
}

extension OmahaRequest.Ping {
    fileprivate init(_ element: XMLElement) {
        self.init(isActive: element.isTrue("active"))
        daysSinceActive = element.number("a")
        daysSinceRollCall = element.number("r")
        activeDay = element.number("ad")
        rollCallDay = element.number("rd")
    }
}

extension OmahaEvent {
    fileprivate init(_ element: XMLElement) throws(OmahaParseError) {
        self.init(
            OmahaEventType(rawValue: try Self.number("eventtype", of: element)),
            OmahaEventResult(rawValue: try Self.number("eventresult", of: element)),
            errorCode: try Self.errorCode(of: element), previousVersion: element.attribute("previousversion"))
        nextVersion = element.attribute("nextversion")
        reason = element.attribute("reason")?.shortened(toBytes: Self.reasonByteCountMax)
        failedVersion = element.attribute("failed_version")
        failedDigest = element.attribute("failed_digest").flatMap { SHA256Digest(omaha: $0) }
        actID = OmahaAct.id(of: element)
    }

    /// 0 where the attribute is absent or empty, which the protocol gives as the default.
    private static func number(_ name: String, of element: XMLElement) throws(OmahaParseError) -> Int {
        let text = element.text(name)
        guard !text.isEmpty else { return 0 }
        guard let number = Int(text) else { throw .invalid(attribute: name, value: text) }
        return number
    }

    /// Takes the 32 bits with or without a sign, as clients differ in printing them.
    private static func errorCode(of element: XMLElement) throws(OmahaParseError) -> OmahaErrorCode? {
        guard let text = element.attribute("errorcode"), !text.isEmpty else { return nil }
        guard let number = Int64(text), (Int64(Int32.min)...Int64(UInt32.max)).contains(number) else {
            throw .invalid(attribute: "errorcode", value: text)
        }
        return OmahaErrorCode(rawValue: Int32(truncatingIfNeeded: number))
    }
}
