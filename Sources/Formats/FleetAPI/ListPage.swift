/// Part of a list, and how long the whole list is: the form of every list in the API.
public struct ListPage<Item: Codable & Sendable>: Codable, Sendable {
    public let items: [Item]
    public let total: Int

    public init(items: [Item], total: Int) {
        self.items = items
        self.total = total
    }
}

extension ListPage: Equatable where Item: Equatable {}
