public import FleetModel
public import UpdateModel

/// One act of an operator on what the store holds.
public enum FleetChange: Hashable, Sendable {
    /// Makes it with channels that point nowhere yet. Refused while another application has its name.
    case createApplication(Application, channels: [ChannelName] = [])
    /// Changes the name only.
    case updateApplication(Application)
    /// Channels that point nowhere go with it. Refused while it has releases, other channels, groups or machines.
    case deleteApplication(ApplicationID)
    case createRelease(Release)
    /// Changes the notes only.
    case updateRelease(Release)
    /// Offers a release to nobody, or ends that. Refused where it is so already. A block outlives its release: made
    /// again, it is blocked still.
    case blockRelease(ApplicationID, Version, ReleaseBlock?)
    /// Makes machines on older releases pass through this one, in place of what was said before, or ends that. Refused
    /// where it is no floor, where a channel that it names is missing, and beyond ``ReleaseFloor/countMaximum``.
    case setFloor(ApplicationID, Version, ReleaseFloor?)
    /// Refused while it has payloads, is a floor, or a channel points at it.
    case deleteRelease(ApplicationID, Version)
    /// Refused unless its release exists, while the release has another of its architecture and source, and where its
    /// bits are those of another release that is blocked.
    case addPayload(Payload)
    /// Refused while a channel points at its release, or that is a floor.
    case deletePayload(ApplicationID, Version, Architecture, source: Version?)
    /// Puts what is known of a copy that lies elsewhere in the place of what was. Refused unless that is what it was.
    case changeMirror(ApplicationID, Version, Architecture, source: Version?, from: PayloadMirror, to: PayloadMirror)
    case createChannel(Channel)
    /// Refused when the channel no longer points at `previous`, a payload in `evidence` is no longer the release's, or
    /// the release is blocked; where the channel needs a second person and `request` is not what waits for one; and
    /// where `follow` is not the channel's rule any more or what it asks for is not so.
    case moveChannel(ChannelMove)
    /// Puts rules in the place of others. Refused where those are not what the channel has, where a channel that it
    /// would follow is missing, and where it would follow itself.
    case setChannelRules(ApplicationID, ChannelName, from: ChannelRules, to: ChannelRules)
    /// Lets a move wait for a second person, in place of what waited before. Refused unless the channel needs one.
    case requestMove(ApplicationID, ChannelName, MoveRequest)
    /// Refused unless this very request waits.
    case withdrawMove(ApplicationID, ChannelName, MoveRequest)
    /// Refused while a group or another channel follows it, or a floor names it.
    case deleteChannel(ApplicationID, ChannelName)
    /// Refused unless its channel exists, and while another group has its track.
    case createGroup(Group)
    /// Refused with ``FleetStoreError/changed(_:_:)`` where the group is not what the second one says; `nil` takes the
    /// place of whatever is there.
    case updateGroup(Group, from: Group? = nil)
    /// Puts secrets in the place of others. Refused where those are not the group's.
    case setGroupSecrets(ApplicationID, GroupName, from: [GroupSecret], to: [GroupSecret])
    /// Refused while it has machines, and while another group waits for it.
    case deleteGroup(ApplicationID, GroupName)
    /// Lets stopped, paused or aborted roll-outs go on, all or none; what their brakes counted counts from zero again.
    /// Refused with ``FleetStoreError/changed(_:_:)`` where the halt of one in `ifStill` is another.
    case resumeRollouts([RolloutID], at: Timestamp, ifStill: [RolloutID: RolloutHalt] = [:])
    /// Pauses or aborts a roll-out, whether it has begun or not. Refused with ``FleetStoreError/changed(_:_:)`` where
    /// its halt is not `ifStill`; `nil` takes whatever is there.
    case controlRollout(RolloutID, RolloutControl, ifStill: RolloutHalt? = nil)
    /// Sends a group back, or ends that. Refused unless the group's channel points at the release that is
    /// undone, and where the other is blocked.
    case undoGroup(ApplicationID, GroupName, GroupUndo?)
    /// Puts `settings` in the place of `previous`. Refused where those are not what the machine has.
    case changeMachine(ApplicationID, MachineID, from: MachineSettings, to: MachineSettings, by: String, at: Timestamp)
    /// Moves everything that counts from a moment, the clock's mark among them, after the clock was set by so much; its
    /// alarm ends.
    case shiftMoments(seconds: Int64)
    /// Drops a machine with its grant, its failures and its events; it may register again.
    case forgetMachine(ApplicationID, MachineID)
    /// Refused while another order stands, and unless the machine runs the version that the order names.
    case orderRollback(ApplicationID, MachineID, RollbackOrder)
    /// Refused unless an order stands.
    case withdrawRollback(ApplicationID, MachineID, by: String, at: Timestamp)
    /// Gives free what the machine was rolled back from. Refused where nothing is withheld.
    case releaseMachine(ApplicationID, MachineID, by: String, at: Timestamp)
    case createToken(AccessToken)
    case deleteToken(AccessTokenID)
}
