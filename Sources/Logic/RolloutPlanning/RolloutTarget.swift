package import FleetModel
package import UpdateModel

/// Where a group is going, as seen by one machine: all that a decision needs beside the machine itself.
package struct RolloutTarget: Hashable, Sendable {
    package var policy: RolloutPolicy
    /// What the machine is to run; `nil` when the group's channel points at nothing.
    package var version: Version?
    /// Set where an operator blocked the release.
    package var block: ReleaseBlock?
    /// The floor that the machine passes on its way to ``version``; it is offered this one first.
    package var floor: Floor?
    /// The payload of the next release that fits the machine, see ``PayloadChoice``.
    package var payload: Payload?
    /// Whether the next release has payloads for the machine's architecture at all.
    package var hasPayloads = false
    /// The roll-out of ``version`` in the group, brought up to ``now``.
    package var rollout: RolloutState?
    /// Places of the group that machines other than this one hold, whichever release they are updating to.
    package var placesTakenByOthers = 0
    /// The grants of the group, as far as its rate needs them.
    package var meter: GrantMeter?
    /// What the group's grants have booked of its download budget.
    package var downloads: DownloadMeter?
    package var calendar = OfferCalendar.always
    /// The group that goes before, where there is one.
    package var predecessor: Predecessor?
    /// Machines of the group.
    package var groupSize = 0
    /// Machines of the group that run ``version``; needed while some of them try it first.
    package var sizeOnRelease = Int.max
    /// Whether the version is an operator's wish for this one machine.
    package var isPinned = false
    /// Where the group is on its way back.
    package var undo: GroupUndo?
    package var now = Timestamp.epoch
    /// Whether the server's clock can be believed.
    package var isClockTrusted = true

    /// A release on the way. The gates that open with time (the order of groups, those that try it first, the ramp) are
    /// those of the target: a machine queues once, however many floors it passes. What stops one leg is of that leg alone.
    package struct Floor: Hashable, Sendable {
        package let version: Version
        package var block: ReleaseBlock?
        /// The roll-out of the floor in the group.
        package var rollout: RolloutState

        package init(version: Version, block: ReleaseBlock? = nil, rollout: RolloutState) {
            self.version = version
            self.block = block
            self.rollout = rollout
        }
    }

    /// What the machine would be offered now: the floor, or the target itself.
    package var next: Version? { floor?.version ?? version }

    /// Whether the machine is on its way back to what stands in its other slot: it downloads nothing.
    func goesBackByItself(_ machine: Machine) -> Bool { undo?.from == machine.version && machine.takesOrders }

    /// The group that goes before, with the same release.
    package struct Predecessor: Hashable, Sendable {
        package var size: Int
        package var sizeOnRelease: Int
        /// Stopped, paused or aborted there.
        package var isHalted: Bool

        package init(size: Int, sizeOnRelease: Int, isHalted: Bool) {
            self.size = size
            self.sizeOnRelease = sizeOnRelease
            self.isHalted = isHalted
        }

        /// A group without machines proves nothing.
        func isDone(percent: Int) -> Bool { size > 0 && !isHalted && sizeOnRelease * 100 >= size * percent }
    }

    package init(policy: RolloutPolicy, version: Version?, payload: Payload?) {
        self.policy = policy
        self.version = version
        self.payload = payload
        self.hasPayloads = payload != nil
    }
}
