internal import UpdateModel

/// From where files may be read: the public Internet, and what an operator named beside it.
struct FetchRule: Sendable {
    let allowed: [NetworkPrefix]

    func allows(_ address: NetworkAddress) -> Bool { address.isPublic || allowed.contains { $0.contains(address) } }
}
