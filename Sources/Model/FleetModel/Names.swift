public import UpdateModel

public enum ChannelKind {}
/// Names a channel within its application: `stable`.
public typealias ChannelName = Identifier<ChannelKind>

public enum GroupKind {}
/// Names a group within its application: `web`.
public typealias GroupName = Identifier<GroupKind>

public enum TrackKind {}
/// What machines say they follow (`GROUP=` in their `update.conf`, `track` on the wire); leads to one group.
public typealias Track = Identifier<TrackKind>

public enum GroupSecretKind {}
/// Names one secret of a private group. It is no secret.
public typealias GroupSecretID = Identifier<GroupSecretKind>

public enum AccessTokenKind {}
/// Names an access token. It is no secret.
public typealias AccessTokenID = Identifier<AccessTokenKind>
