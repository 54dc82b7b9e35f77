import Benchmark

/// Every benchmark of the package. A name that ends in “(N MiB)” is also reported as a rate.
let benchmarks = { @Sendable in
    // The library's own global; it is set once, before anything runs.
    unsafe Benchmark.defaultConfiguration = Benchmark.Configuration(
        metrics: [.wallClock, .cpuTotal], timeUnits: .nanoseconds, warmupIterations: 3, maxDuration: .seconds(2))
    checkInBenchmarks()
    trustBenchmarks()
    bootBenchmarks()
    payloadBenchmarks()
}
