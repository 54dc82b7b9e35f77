package import FleetModel
internal import OmahaProtocol
internal import UpdateModel

/// Chooses among the payloads that a release has for one architecture.
package enum PayloadChoice {
    /// The payload that fits the machine; `nil` when none does.
    ///
    /// A delta is for the exact release that the machine runs. One that did not find there what it starts from, because
    /// somebody built that release anew, is not offered to the machine again.
    ///
    /// - Parameters:
    ///   - payloads: of one release and one architecture.
    ///   - readsFormatTwo: whether the machine's updater reads payloads of format 2. A full payload that it cannot read is
    ///     chosen for want of a better one.
    package static func best(
        of payloads: [Payload], for machine: Machine, _ policy: DeltaPolicy, readsFormatTwo: Bool = true
    ) -> Payload? {
        let full = policy == .require ? nil : payloads.first { !$0.isDelta }
        guard policy != .never else { return full }
        let delta = payloads.first { payload in
            payload.source == machine.version && (payload.format == 1 || readsFormatTwo)
                && !hasMissedSource(of: payload.version, machine)
        }
        // What lies elsewhere and is not there now is chosen for want of a better one.
        if let delta, !delta.isAvailable, let full, full.isAvailable { return full }
        return delta ?? full
    }

    private static func hasMissedSource(of version: Version, _ machine: Machine) -> Bool {
        machine.failures.contains { failure in
            failure.version == version && FailureText.code(failure.code)?.base == .downloadStateInitialization
        }
    }
}
