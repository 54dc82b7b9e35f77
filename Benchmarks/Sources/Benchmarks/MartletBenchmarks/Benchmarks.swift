import Benchmark

/// Every benchmark of the package.
///
/// The yardstick reads the names: one that ends in “(N MiB)” is one run over so many bytes, every other one is
/// ``thousandRuns``.
let benchmarks = { @Sendable in
    // The library's own global; it is set once, before anything runs.
    unsafe Benchmark.defaultConfiguration = Benchmark.Configuration(
        metrics: [.throughput, .wallClock, .cpuTotal], timeUnits: .nanoseconds, warmupIterations: 3,
        maxDuration: .seconds(1))
    checkInBenchmarks()
    trustBenchmarks()
    bootBenchmarks()
    payloadBenchmarks()
}

/// Of something so short that single runs cannot be timed.
var thousandRuns: Benchmark.Configuration { .init(scalingFactor: .kilo) }
