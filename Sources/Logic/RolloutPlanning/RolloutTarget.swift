package import FleetModel
package import UpdateModel

/// Where a group is going, as seen by one machine: all that a decision needs beside the machine itself.
package struct RolloutTarget: Hashable, Sendable {
    package var policy: RolloutPolicy
    /// What the group's channel points at; `nil` when it points at nothing.
    package var version: Version?
    /// The release's full payload for the machine's architecture.
    package var payload: Payload?
    package var isStopped: Bool
    /// Places of the group that machines other than this one hold, whichever release they are updating to.
    package var placesTakenByOthers: Int

    package init(
        policy: RolloutPolicy, version: Version?, payload: Payload?, isStopped: Bool = false,
        placesTakenByOthers: Int = 0
    ) {
        self.policy = policy
        self.version = version
        self.payload = payload
        self.isStopped = isStopped
        self.placesTakenByOthers = placesTakenByOthers
    }
}
