import UpdateModel

extension OmahaResponse {
    /// Reads a response. Unknown elements and attributes are passed over, and a value that cannot be read counts as
    /// absent: ``answer(for:)`` then says whether the rest is enough.
    ///
    /// - Throws: ``OmahaParseError`` when the bytes are no response or go beyond `limits`.
    public init(xml bytes: some Collection<UInt8>, limits: XMLLimits = .response) throws(OmahaParseError) {
        let root = try ExpatParser.read(bytes, limits: limits)
        guard root.name == "response" else { throw .unexpectedRoot(found: root.name, expected: "response") }
        var apps: [App] = []
        for element in root.all("app") {
            guard apps.count < limits.apps else { throw .tooManyApps(limit: limits.apps) }
            apps.append(App(element))
        }
        self.init(server: root.text("server"), dayStart: root.child("daystart").map(DayStart.init), apps: apps)
        protocolVersion = root.text("protocol")
    }
}

extension OmahaResponse.DayStart {
    fileprivate init(_ element: XMLElement) {
        self.init(
            elapsedSeconds: element.number("elapsed_seconds") ?? 0, elapsedDays: element.number("elapsed_days"))
    }
}

extension OmahaResponse.App {
    fileprivate init(_ element: XMLElement) {
        self.init(
            id: element.text("appid"), status: OmahaAppStatus(rawValue: element.text("status")),
            pingStatus: element.child("ping").map { $0.text("status") },
            updateCheck: element.child("updatecheck").map(OmahaResponse.UpdateCheck.init),
            eventStatuses: element.all("event").map { $0.text("status") })
    }
}

extension OmahaResponse.UpdateCheck {
    fileprivate init(_ element: XMLElement) {
        self.init(
            status: OmahaUpdateCheckStatus(rawValue: element.text("status")),
            pollIntervalSeconds: element.number("PollInterval"), hold: OmahaHold(element),
            codebases: element.all("urls").flatMap { urls in urls.all("url").map { $0.text("codebase") } },
            manifests: element.all("manifest").map(OmahaResponse.Manifest.init))
        act = OmahaAct(element)
        isHoldLifted = element.isTrue("hold_lifted")
    }
}

extension OmahaResponse.Manifest {
    fileprivate init(_ element: XMLElement) {
        self.init(
            version: element.text("version"),
            packages: element.all("packages").flatMap { $0.all("package").map(OmahaResponse.Package.init) },
            actions: element.all("actions").flatMap { $0.all("action").map(OmahaResponse.Action.init) })
        isFloor = element.isTrue("is_floor")
        isTarget = element.isTrue("is_target")
        floorReason = element.attribute("floor_reason")
    }
}

extension OmahaResponse.Package {
    fileprivate init(_ element: XMLElement) {
        self.init(
            name: element.text("name"), size: element.attribute("size").flatMap { Int64($0) } ?? 0,
            sha1Base64: element.attribute("hash"),
            sha256: element.attribute("hash_sha256").flatMap { SHA256Digest(omaha: $0) },
            isRequired: element.isTrue("required"))
        metadata = element.all("metadata").map {
            OmahaResponse.Metadata(contentType: $0.text("content-type"), text: $0.text)
        }
    }
}

extension OmahaResponse.Action {
    fileprivate init(_ element: XMLElement) {
        self.init(
            event: OmahaActionEvent(rawValue: element.text("event")),
            sha256: element.attribute("sha256").flatMap { SHA256Digest(omaha: $0) })
        displayVersion = element.attribute("DisplayVersion")
        needsAdmin = element.isTrue("needsadmin")
        isDeltaPayload = element.isTrue("IsDeltaPayload")
        disablesPayloadBackoff = element.isTrue("DisablePayloadBackoff")
        failureCountPerURLMax = element.number("MaxFailureCountPerUrl")
        metadataSignatureRSA = element.attribute("MetadataSignatureRsa")
        metadataSize = element.attribute("MetadataSize")
        deadline = element.attribute("deadline")
        readHeritage(of: element)
    }

    private mutating func readHeritage(of element: XMLElement) {
        chromeOSVersion = element.attribute("ChromeOSVersion")
        isDelta = element.attribute("IsDelta")
        manifestSize = element.attribute("ManifestSize")
        manifestSignatureRSA = element.attribute("ManifestSignatureRsa")
        daysToScatterMax = element.attribute("MaxDaysToScatter")
        moreInfo = element.attribute("MoreInfo")
        prompt = element.attribute("Prompt")
        run = element.attribute("run")
        arguments = element.attribute("arguments")
        successAction = element.attribute("successaction")
    }
}
