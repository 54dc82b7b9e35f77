package import UpdateLogic

/// How patient a download is, and how fast it may be.
package struct DownloadLimits: Sendable {
    package var transfer = TransferLimits()
    /// How long a connection may bring less than ``stallBytesPerSecond``.
    package var stall: Duration = .seconds(90)
    package var stallBytesPerSecond = StallWatch.bytesPerSecondMin
    /// Connections in a row that bring next to nothing.
    package var attempts = 5
    /// One hop to the writing thread for so many bytes; what a crash loses beyond the last checkpoint.
    package var batchBytes = 256 << 10

    package init() {}

    var stallWatch: StallWatch { StallWatch(limit: stall, bytesPerSecondMin: stallBytesPerSecond) }

    /// Between two connections to one mirror.
    var pauseMax: Duration { min(stall, .seconds(60)) }
}
