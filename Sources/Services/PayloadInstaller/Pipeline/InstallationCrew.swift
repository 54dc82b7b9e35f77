internal import PayloadFormat

/// Everyone who works on an installation beside the caller.
final class InstallationCrew: Sendable {
    let works: [String: PartitionWork]
    private let lane = OperationLane()

    init(_ works: [String: PartitionWork] = [:]) { self.works = works }

    deinit { rest() }

    /// Has the operation carried out, after those before it. One of a partition without a target is dropped.
    /// - Parameter blob: The operation's data; its digest has been compared.
    func carryOut(
        _ operation: PayloadOperation, at place: OperationPlace, blob: [UInt8]
    ) throws(InstallationError) {
        guard let work = works[place.partition] else { return }
        try lane.submit(byteCount: blob.count) { () throws(InstallationError) in
            try work.carryOut(operation, at: place, blob: blob)
        }
    }

    /// Everything that was handed over is carried out and durable on return.
    func flush() throws(InstallationError) {
        try lane.settle()
        for work in works.values { try work.flush() }
    }

    /// Waits until nothing is read or written any more.
    func rest() {
        lane.rest()
        works.values.forEach { $0.rest() }
    }
}
