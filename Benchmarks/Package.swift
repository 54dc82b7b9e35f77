// swift-tools-version: 6.2
import PackageDescription

// Measurements of what people wait for. `scripts/bench.sh` builds and runs them.
//
// A package of its own, so that a checkout that cannot fetch the benchmark library still builds and tests everything
// else. The sources are those of the main package, through the link `House`; nothing that a server needs is built here,
// for the server is measured from outside.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A target of the main package; `path` is below `Sources/`.
func house(_ path: String, _ dependencies: Target.Dependency...) -> Target {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return .target(name: name, dependencies: dependencies, path: "House/\(path)", swiftSettings: strict)
}

/// A C library of the system, through a shim of the main package.
func shim(_ name: String, library: String, package: String) -> Target {
    .systemLibrary(name: name, path: "House/Shims/\(name)", pkgConfig: library, providers: [.apt([package])])
}

let package = Package(
    name: "martlet-benchmarks",
    dependencies: [
        // Its default trait wants jemalloc, and its counts of allocations read 0 without.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    ],
    targets: [
        .executableTarget(
            name: "MartletBenchmarks",
            dependencies: [
                "BootControlGPT", "BootControl", "ContentTrust", "FleetModel", "OmahaProtocol", "PartitionTable",
                "PayloadFormat", "PayloadInstaller", "RolloutPlanning", "SlotDevice", "UpdateModel",
                .product(name: "Benchmark", package: "benchmark"),
            ],
            // The plug-in only looks at targets in a folder of this name.
            path: "Sources/Benchmarks/MartletBenchmarks", swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        .executableTarget(
            name: "yardstick", dependencies: ["OmahaProtocol", "UpdateModel"], path: "Sources/Yardstick",
            swiftSettings: strict),

        shim("CExpat", library: "expat", package: "libexpat1-dev"),
        shim("CLibcrypto", library: "libcrypto", package: "libssl-dev"),
        shim("CLZMA", library: "liblzma", package: "liblzma-dev"),
        shim("CZstd", library: "libzstd", package: "libzstd-dev"),
        shim("CLZ4", library: "liblz4", package: "liblz4-dev"),
        shim("CDivsufsort", library: "libdivsufsort", package: "libdivsufsort-dev"),
        // Debian's libbz2-dev has no file for pkg-config.
        .systemLibrary(name: "CBZip2", path: "House/Shims/CBZip2", providers: [.apt(["libbz2-dev"])]),

        house("Model/UpdateModel"),
        house("Model/FleetModel", "UpdateModel"),
        house("Formats/OmahaProtocol", "CExpat", "UpdateModel"),
        house("Formats/ContentTrust", "CLibcrypto", "UpdateModel"),
        house("Formats/CompressionCodecs", "CBZip2", "CLZMA", "CZstd", "UpdateModel"),
        house("Formats/BinaryDelta", "CDivsufsort", "CLZMA", "CompressionCodecs", "UpdateModel"),
        house("Formats/FileSystemMaps", "CLZ4", "SlotDevice"),
        house("Formats/PartitionTable", "SlotDevice", "UpdateModel"),
        .target(
            name: "PayloadFormat",
            dependencies: ["ContentTrust", "UpdateModel", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            path: "House/Formats/PayloadFormat", exclude: ["Schema/payload.proto"], swiftSettings: strict),
        house("Formats/TimeZoneFormat"),
        house("Logic/RolloutPlanning", "FleetModel", "OmahaProtocol", "TimeZoneFormat", "UpdateModel"),
        house("Logic/BootSlots", "PartitionTable"),
        house("Ports/SlotDevice", "UpdateModel"),
        house("Ports/BootControl", "SlotDevice", "UpdateModel"),
        house(
            "Adapters/BootControlGPT", "BootControl", "BootSlots", "PartitionTable", "SlotDevice", "UpdateModel"),
        house(
            "Services/PayloadInstaller", "BinaryDelta", "CompressionCodecs", "ContentTrust", "FileSystemMaps",
            "PayloadFormat", "SlotDevice", "UpdateModel"),
    ]
)
