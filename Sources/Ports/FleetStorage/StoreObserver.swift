/// One transaction of a store that commits work in groups.
package struct StoreBatch: Hashable, Sendable {
    /// How many callers' work was in it.
    package let workCount: Int
    /// From its beginning until it was durable, or had failed.
    package let duration: Duration
    package let isDurable: Bool

    package init(workCount: Int, duration: Duration, isDurable: Bool) {
        self.workCount = workCount
        self.duration = duration
        self.isDurable = isDurable
    }
}

/// Is told what a store does, as it happens. It must return at once: the store waits for it.
package struct StoreObserver: Sendable {
    package let sawBatch: @Sendable (StoreBatch) -> Void

    package init(sawBatch: @escaping @Sendable (StoreBatch) -> Void) { self.sawBatch = sawBatch }
}
