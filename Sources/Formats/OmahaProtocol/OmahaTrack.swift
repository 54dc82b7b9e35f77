public import UpdateModel

/// The group that a machine says it follows: a name, or one of the UUIDs that old images carry.
public struct OmahaTrack: Hashable, Sendable {
    /// The group's name; for an old UUID the channel that it stood for.
    public let name: String
    /// Known only for an old UUID.
    public let architecture: Architecture?

    /// Takes the `track` attribute of a request.
    public init(_ text: String) {
        let bare = text.hasPrefix("{") && text.hasSuffix("}") ? String(text.dropFirst().dropLast()) : text
        if let (name, architecture) = Self.legacyGroups[bare.lowercased()] {
            self.name = name
            self.architecture = architecture
        } else {
            self.name = text
            self.architecture = nil
        }
    }

    /// Source: flatcar/nebraska `backend/pkg/omaha/omaha.go`.
    private static let legacyGroups: [String: (String, Architecture)] = [
        "5b810680-e36a-4879-b98a-4f989e80b899": ("alpha", .amd64),
        "3fe10490-dd73-4b49-b72a-28ac19acfcdc": ("beta", .amd64),
        "9a2deb70-37be-4026-853f-bfdd6b347bbe": ("stable", .amd64),
        "72834a2b-ad86-4d6d-b498-e08a19ebe54e": ("edge", .amd64),
        "e641708d-fb48-4260-8bdf-ba2074a1147a": ("alpha", .arm64),
        "d112ec01-ba34-4a9e-9d4b-9814a685f266": ("beta", .arm64),
        "11a585f6-9418-4df0-8863-78b2fd3240f8": ("stable", .arm64),
        "b4b2fa22-c1ea-498c-a8ac-c1dc0b1d7c17": ("edge", .arm64),
    ]
}
