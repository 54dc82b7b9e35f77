/// How a release may spread through the stable group.
package struct RolloutLimits: Hashable, Sendable {
    package let inProgressMax: Int
    package let stopAfterFailures: Int

    /// So small that some machines are always left untouched when a release is broken.
    package init(machineCount: Int) {
        inProgressMax = machineCount >= 6 ? max(3, machineCount / 5) : machineCount >= 4 ? 2 : 1
        stopAfterFailures = machineCount >= 6 ? 2 : 1
    }

    /// The most machines that can have begun a release before so many have failed with it that it stops.
    package var triedMax: Int { stopAfterFailures - 1 + inProgressMax }
}
