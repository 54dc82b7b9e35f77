// swift-tools-version: 6.2
import PackageDescription

// The floors of the house are the folders under Sources/; arrows only point down. See docs/architecture.md.

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

func room(
    _ floor: String, _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", exclude: exclude)
}

func shim(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Shims/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests")
}

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martletd", targets: ["martletd"]),
        .executable(name: "martlet-server", targets: ["martlet-server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Shims
        shim("CExpat", pkgConfig: "expat", apt: "libexpat1-dev"),
        shim("CBZip2", apt: "libbz2-dev"),
        shim("CLZMA", pkgConfig: "liblzma", apt: "liblzma-dev"),
        shim("CLibcrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        .target(name: "CLinux", path: "Sources/Shims/CLinux"),

        // Model
        room("Model", "UpdateModel"),
        room("Model", "FleetModel", ["UpdateModel"]),

        // Formats
        room("Formats", "OmahaProtocol", ["UpdateModel", "CExpat"]),
        room("Formats", "ContentTrust", ["UpdateModel", "CLibcrypto"]),
        room("Formats", "CompressionCodecs", ["UpdateModel", "CBZip2", "CLZMA"]),
        room("Formats", "BinaryDelta", ["UpdateModel", "CompressionCodecs"]),
        room(
            "Formats", "PayloadFormat", ["UpdateModel", "ContentTrust", protobuf], exclude: ["Schema/payload.proto"]),
        room("Formats", "PartitionTable", ["UpdateModel", "SlotDevice"]),
        room("Formats", "FleetAPI", ["UpdateModel"]),
        room("Formats", "EngineControl", ["UpdateModel"]),

        // Logic
        room("Logic", "RolloutPlanning", ["UpdateModel", "FleetModel"]),
        room("Logic", "UpdateLogic", ["UpdateModel", "BootControl"]),
        room("Logic", "BootSlots", ["UpdateModel", "BootControl"]),

        // Ports
        room("Ports", "SlotDevice", ["UpdateModel"]),
        room("Ports", "BootControl", ["UpdateModel", "SlotDevice"]),
        room("Ports", "HostPower", ["UpdateModel"]),
        room("Ports", "FleetStorage", ["UpdateModel", "FleetModel", "RolloutPlanning"]),
        room("Ports", "PayloadStore", ["UpdateModel"]),

        // Adapters
        room("Adapters", "BootControlGPT", ["UpdateModel", "BootControl", "BootSlots", "PartitionTable", "SlotDevice"]),
        room("Adapters", "HostLinux", ["UpdateModel", "SlotDevice", "HostPower", "CLinux"]),
        room("Adapters", "FleetStorageSQLite", ["UpdateModel", "FleetModel", "FleetStorage", "RolloutPlanning", grdb]),
        room("Adapters", "PayloadStoreFiles", ["UpdateModel", "PayloadStore", "ContentTrust", "HostLinux"]),

        // Services
        room(
            "Services", "PayloadInstaller",
            ["UpdateModel", "PayloadFormat", "ContentTrust", "CompressionCodecs", "BinaryDelta", "SlotDevice"]),
        room(
            "Services", "PayloadCommands",
            [
                "UpdateModel", "PayloadFormat", "PayloadInstaller", "ContentTrust", "HostLinux", "SlotDevice",
                argumentParser,
            ]),
        room(
            "Services", "UpdateEngineKit",
            [
                "UpdateModel", "OmahaProtocol", "PayloadFormat", "ContentTrust", "EngineControl", "UpdateLogic",
                "SlotDevice", "BootControl", "HostPower", "BootControlGPT", "PartitionTable", "HostLinux",
                "PayloadInstaller", httpClient, logging, nioCore, nioPosix, nioHTTP1, lifecycle, signals, toml,
            ]),
        room("Services", "ProgramKit", ["UpdateModel", argumentParser]),
        room("Services", "MachineCommands", ["UpdateModel", "EngineControl", argumentParser, nioCore, nioPosix]),
        room("Services", "FleetOperations", ["UpdateModel", "FleetModel", "FleetStorage", "PayloadStore", "ContentTrust", "RolloutPlanning"]),
        room(
            "Services", "UpdateServerKit",
            [
                "UpdateModel", "FleetModel", "FleetAPI", "OmahaProtocol", "PayloadFormat", "ContentTrust",
                "RolloutPlanning", "FleetStorage", "FleetStorageSQLite", "PayloadStore", "PayloadStoreFiles",
                "FleetOperations", "DashboardKit", "HostLinux", hummingbird, httpTypes, logging, nioCore, nioPosix, lifecycle,
                toml,
            ]),
        room("Services", "DashboardKit", ["UpdateModel", "FleetModel", "OmahaProtocol", "FleetAPI"]),
        room("Services", "FleetCommands", ["UpdateModel", "FleetAPI", "PayloadFormat", "HostLinux", argumentParser, httpClient, nioCore, nioHTTP1]),
        room(
            "Services", "FleetDemo",
            [
                "UpdateModel", "FleetModel", "EngineControl", "FleetAPI", "PartitionTable", "BootControlGPT", "HostLinux",
                "SlotDevice", "ContentTrust", "FleetTestKit", argumentParser,
            ]),

        // TestSupport
        room("TestSupport", "FleetTestKit", ["UpdateModel", "SlotDevice", "BootControl", "BootSlots", "PartitionTable"]),

        // Programs
        .executableTarget(
            name: "martlet",
            dependencies: [
                "ProgramKit", "PayloadCommands", "MachineCommands", "FleetCommands", "FleetDemo", argumentParser,
            ], path: "Sources/Programs/martlet"),
        .executableTarget(
            name: "martletd", dependencies: ["ProgramKit", "UpdateEngineKit", argumentParser],
            path: "Sources/Programs/martletd"),
        .executableTarget(
            name: "martlet-server",
            dependencies: ["UpdateModel", "ProgramKit", "UpdateServerKit", argumentParser, logging, lifecycle],
            path: "Sources/Programs/martlet-server"),

        // Tests
        tests("UpdateModel", ["UpdateModel"]),
        tests("FleetModel", ["FleetModel", "UpdateModel"]),
        tests("OmahaProtocol", ["OmahaProtocol", "UpdateModel"]),
        tests("ContentTrust", ["ContentTrust", "UpdateModel"]),
        tests("CompressionCodecs", ["CompressionCodecs", "ContentTrust", "UpdateModel"]),
        tests("BinaryDelta", ["BinaryDelta", "CompressionCodecs", "ContentTrust", "UpdateModel"]),
        tests("PayloadFormat", ["PayloadFormat", "ContentTrust", "CompressionCodecs", "UpdateModel"]),
        tests(
            "PayloadInstaller",
            [
                "PayloadInstaller", "PayloadFormat", "ContentTrust", "CompressionCodecs", "BinaryDelta", "SlotDevice",
                "UpdateModel",
            ]),
        tests("PartitionTable", ["PartitionTable", "SlotDevice", "FleetTestKit", "HostLinux", "UpdateModel"]),
        tests("SlotDevice", ["SlotDevice", "FleetTestKit"]),
        tests("BootSlots", ["BootSlots", "PartitionTable", "FleetTestKit"]),
        tests(
            "BootControlGPT",
            ["BootControlGPT", "BootControl", "PartitionTable", "SlotDevice", "FleetTestKit", "UpdateModel"]),
        tests("HostLinux", ["HostLinux", "HostPower", "PartitionTable", "SlotDevice", "FleetTestKit", "UpdateModel"]),
        tests(
            "PowerCut", ["BootControlGPT", "BootControl", "PartitionTable", "SlotDevice", "FleetTestKit", "UpdateModel"]),
        tests("UpdateLogic", ["UpdateLogic", "BootControl", "UpdateModel"]),
        tests(
            "FleetDemo",
            [
                "FleetDemo", "EngineControl", "BootControlGPT", "PartitionTable", "HostLinux", "SlotDevice",
                "FleetTestKit", "UpdateModel",
            ]),
    ]
)

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
for target in package.targets where target.type != .system {
    target.swiftSettings = strict
}

// temporary filter
let absent: Set<String> = ["UpdateModelTests","SlotDeviceTests"]
package.targets.removeAll { absent.contains($0.name) }
package.products.removeAll { absent.contains($0.name) }
for target in package.targets { target.dependencies.removeAll { d in
  if case .byNameItem(let n, _) = d { return absent.contains(n) }; return false } }
