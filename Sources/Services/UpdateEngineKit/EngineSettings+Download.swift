import UpdateLogic

/// How payloads are fetched: the keys of `[download]` and `[proxy]`.
extension EngineSettings {
    private static let rates = 0...1_000_000_000_000

    package var downloadLimits: DownloadLimits {
        var limits = DownloadLimits()
        limits.transfer = TransferLimits(standard: downloadBytesPerSecond, rules: downloadRules)
        limits.stall = downloadStall
        limits.stallBytesPerSecond = downloadStallBytesPerSecond
        limits.attempts = downloadAttempts
        return limits
    }

    /// - Throws: ``SettingsError`` when a proxy of the environment or of the file cannot be used.
    package func proxies(environment: [String: String]) throws(SettingsError) -> WebProxies {
        try WebProxies(environment: environment, words: proxy, path: path)
    }

    mutating func readDownload(
        _ download: SettingsFile.Download?, _ reader: SettingsReader
    ) throws(SettingsError) {
        let rate = try reader.number(
            download?.bytesPerSecond, key: "download.bytes-per-second", default: 0, in: Self.rates)
        downloadBytesPerSecond = UInt64(rate)
        downloadStall = try reader.span(
            download?.stallSeconds, key: "download.stall-seconds", default: downloadStall, from: 0.1)
        downloadStallBytesPerSecond = try reader.number(
            download?.stallBytesPerSecond, key: "download.stall-bytes-per-second",
            default: downloadStallBytesPerSecond, in: 1...1_000_000_000)
        downloadAttempts = try reader.number(
            download?.attempts, key: "download.attempts", default: downloadAttempts, in: 1...1000)
        downloadRules = []
        for limit in download?.limits ?? [] { downloadRules.append(try Self.rule(limit, reader)) }
    }

    mutating func readProxy(_ proxy: SettingsFile.Proxy?) {
        self.proxy.http = proxy?.http
        self.proxy.https = proxy?.https
        self.proxy.all = proxy?.all
        self.proxy.except = proxy?.except
    }

    private static func rule(
        _ limit: SettingsFile.Limit, _ reader: SettingsReader
    ) throws(SettingsError) -> TransferLimits.Rule {
        let key = "download.limits"
        guard let hours = limit.hours.map(DaySpan.init) ?? .wholeDay else {
            throw reader.invalid(key, "its hours must be such as \"08:00-18:00\"")
        }
        guard let days = limit.days.map(Weekday.days) ?? Set(Weekday.allCases) else {
            throw reader.invalid(key, "its days must be such as \"mon-fri\" or \"sat,sun\"")
        }
        guard let rate = limit.bytesPerSecond else { throw reader.invalid(key, "it says no bytes-per-second") }
        let number = try reader.number(rate, key: "\(key).bytes-per-second", default: 0, in: rates)
        return TransferLimits.Rule(hours: hours, days: days, bytesPerSecond: UInt64(number))
    }
}
