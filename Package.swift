// swift-tools-version: 6.2
import PackageDescription

// The floors of the house are the folders under Sources/; arrows only point down. See README.md.

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
/// SQLite's own calls, for the one file that runs statements.
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
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

/// Programs carry Swift's runtime with them. Said to the linker alone, so that programs and tests share one compilation
/// of everything; a static build for the compiler too would find no Testing module. The libraries are those that the
/// runtime's own modules name only in static builds.
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-l_FoundationCollections", "-l_FoundationCShims", "-lCoreFoundation", "-l_FoundationICU"],
        .when(platforms: [.linux]))
]

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
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
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
        shim("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        shim("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
        shim("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        shim("CDivsufsort", pkgConfig: "libdivsufsort", apt: "libdivsufsort-dev"),
        shim("CLibcrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        .target(name: "CLinux", path: "Sources/Shims/CLinux"),

        // Model
        room("Model", "UpdateModel"),
        room("Model", "FleetModel", ["UpdateModel"]),

        // Formats
        room("Formats", "AnyJSON"),
        room("Formats", "OmahaProtocol", ["CExpat", "UpdateModel"]),
        room("Formats", "ContentTrust", ["CLibcrypto", "UpdateModel"]),
        room("Formats", "CompressionCodecs", ["CBZip2", "CLZMA", "CZlib", "CZstd", "UpdateModel"]),
        room("Formats", "BinaryDelta", ["CDivsufsort", "CLZMA", "CompressionCodecs", "UpdateModel"]),
        room("Formats", "FileSystemMaps", ["CLZ4", "SlotDevice"]),
        room("Formats", "PayloadFormat", ["ContentTrust", "UpdateModel", protobuf], exclude: ["Schema/payload.proto"]),
        room("Formats", "PartitionTable", ["SlotDevice", "UpdateModel"]),
        room("Formats", "FleetAPI", ["FleetModel", "UpdateModel"]),
        room("Formats", "TimeZoneFormat"),
        room("Formats", "EngineControl", ["UpdateModel"]),
        room("Formats", "BootEntries", ["SlotDevice", "UpdateModel"]),
        room("Formats", "UnifiedKernelImage", ["SlotDevice", "UpdateModel"]),

        // Logic
        room("Logic", "RolloutPlanning", ["FleetModel", "OmahaProtocol", "TimeZoneFormat", "UpdateModel"]),
        room("Logic", "UpdateLogic", ["BootControl", "UpdateModel"]),
        room("Logic", "BootSlots", ["PartitionTable"]),

        // Ports
        room("Ports", "SlotDevice", ["UpdateModel"]),
        room("Ports", "BootControl", ["SlotDevice", "UpdateModel"]),
        room("Ports", "HostPower", ["UpdateModel"]),
        room("Ports", "FleetStorage", ["FleetModel", "RolloutPlanning", "TimeZoneFormat", "UpdateModel"]),
        room("Ports", "PayloadStore", ["ContentTrust", "UpdateModel"]),

        // Adapters
        room(
            "Adapters", "BootControlGPT", ["BootControl", "BootSlots", "PartitionTable", "SlotDevice", "UpdateModel"]),
        room("Adapters", "BootControlSystemd", ["BootControl", "BootEntries", "SlotDevice", "UpdateModel"]),
        room(
            "Adapters", "HostLinux",
            ["CLinux", "HostPower", "PartitionTable", "SlotDevice", "UnifiedKernelImage", "UpdateModel"]),
        room(
            "Adapters", "FleetStorageSQLite",
            ["FleetModel", "FleetStorage", "RolloutPlanning", "UpdateModel", grdb, grdbSQLite]),
        room("Adapters", "PayloadStoreFiles", ["ContentTrust", "PayloadStore", "UpdateModel"]),
        room(
            "Adapters", "RemoteFilesHTTP", ["PayloadStore", "UpdateModel", httpClient, nioCore, nioHTTP1, nioPosix]),

        // Services
        room(
            "Services", "PayloadInstaller",
            [
                "BinaryDelta", "CompressionCodecs", "ContentTrust", "FileSystemMaps", "PayloadFormat", "SlotDevice",
                "UpdateModel",
            ]),
        room(
            "Services", "PayloadCommands",
            [
                "ContentTrust", "HostLinux", "PayloadFormat", "PayloadInstaller", "SlotDevice", "UpdateModel",
                argumentParser,
            ]),
        room(
            "Services", "UpdateEngineKit",
            [
                "AnyJSON", "BootControl", "BootControlGPT", "BootControlSystemd", "BootEntries", "ContentTrust",
                "EngineControl", "HostLinux", "HostPower", "OmahaProtocol", "PartitionTable", "PayloadFormat",
                "PayloadInstaller", "SlotDevice", "UnifiedKernelImage", "UpdateLogic", "UpdateModel",
                httpClient, logging, nioCore, nioHTTP1, nioPosix, lifecycle, toml, signals,
            ]),
        room("Services", "ProgramKit", ["UpdateModel", argumentParser]),
        room("Services", "ImageBuilder", ["ContentTrust", "HostLinux", "UpdateModel", toml]),
        room("Services", "ImageCommands", ["ImageBuilder", "UpdateModel", argumentParser]),
        room("Services", "MachineCommands", ["EngineControl", "UpdateModel", argumentParser, nioCore, nioPosix]),
        room(
            "Services", "FleetOperations",
            [
                "ContentTrust", "FleetModel", "FleetStorage", "PayloadStore", "RolloutPlanning", "TimeZoneFormat",
                "UpdateModel",
            ]),
        room(
            "Services", "UpdateServerKit",
            [
                "AnyJSON", "ContentTrust", "FleetAPI", "FleetModel", "FleetOperations", "FleetStorage", "OmahaProtocol",
                "PayloadFormat", "PayloadStore", "UpdateModel", httpTypes, hummingbird, hummingbirdCore, logging,
                nioCore, nioHTTPTypes, nioPosix, lifecycle, toml, signals,
            ]),
        room("Services", "DashboardKit", ["ContentTrust", "FleetAPI", "FleetModel", "UpdateModel"]),
        room(
            "Services", "FleetCommands",
            [
                "ContentTrust", "FleetAPI", "FleetModel", "OmahaProtocol", "PayloadFormat", "UpdateModel", argumentParser,
                httpClient, nioCore, nioHTTP1, nioPosix,
            ]),
        room(
            "Services", "FleetDemo",
            [
                "BootControlGPT", "ContentTrust", "EngineControl", "FleetAPI", "FleetModel", "FleetTestKit",
                "HostLinux", "PartitionTable", "SlotDevice", "UpdateModel", argumentParser,
            ]),

        // TestSupport
        room(
            "TestSupport", "EngineTestKit",
            ["ContentTrust", "PayloadFormat", "PayloadInstaller", "SlotDevice", "UpdateLogic", "UpdateModel"]),
        room("TestSupport", "FleetTestKit", ["BootControl", "PartitionTable", "SlotDevice", "UpdateModel"]),
        room(
            "TestSupport", "EspProof",
            ["ContentTrust", "FleetTestKit", "HostLinux", "SlotDevice", "UnifiedKernelImage", "UpdateModel"]),
        room(
            "TestSupport", "QemuKit",
            ["EspProof", "FleetDemo", "HostLinux", "PartitionTable", "SlotDevice", "UpdateModel", nioCore, nioPosix]),

        // Programs
        .executableTarget(
            name: "martlet",
            dependencies: [
                "FleetCommands",
                "FleetDemo",
                "ImageCommands",
                "MachineCommands",
                "PayloadCommands",
                "ProgramKit",
                argumentParser,
            ], path: "Sources/Programs/martlet", linkerSettings: staticRuntime),
        .executableTarget(
            name: "martletd",
            dependencies: [
                "ProgramKit",
                "UpdateEngineKit",
                argumentParser,
            ],
            path: "Sources/Programs/martletd", linkerSettings: staticRuntime),
        .executableTarget(
            name: "martlet-server",
            dependencies: [
                "DashboardKit",
                "FleetOperations",
                "FleetStorage",
                "FleetStorageSQLite",
                "PayloadStoreFiles",
                "ProgramKit",
                "RemoteFilesHTTP",
                "UpdateServerKit",
                argumentParser,
                logging,
            ],
            path: "Sources/Programs/martlet-server", linkerSettings: staticRuntime),
        .executableTarget(
            name: "boot-journey",
            dependencies: [
                "EspProof",
                "FleetAPI",
                "FleetDemo",
                "FleetModel",
                "HostLinux",
                "PartitionTable",
                "ProgramKit",
                "QemuKit",
                "SlotDevice",
                "UpdateModel",
                argumentParser,
            ],
            path: "Sources/Programs/boot-journey", linkerSettings: staticRuntime),

        // Tests
        tests("BinaryDelta", ["BinaryDelta", "CompressionCodecs", "ContentTrust", "UpdateModel"]),
        tests(
            "BootControlGPT",
            ["BootControl", "BootControlGPT", "FleetTestKit", "PartitionTable", "SlotDevice", "UpdateModel"]),
        tests(
            "BootControlSystemd",
            [
                "BootControl", "BootControlSystemd", "BootEntries", "FleetTestKit", "HostLinux", "SlotDevice",
                "UpdateModel",
            ]),
        tests("BootEntries", ["BootEntries", "FleetTestKit", "UpdateModel"]),
        tests("BootSlots", ["BootSlots", "FleetTestKit", "PartitionTable"]),
        tests("CompressionCodecs", ["CompressionCodecs", "ContentTrust", "UpdateModel"]),
        tests("ContentTrust", ["ContentTrust", "UpdateModel"]),
        tests("DashboardKit", ["DashboardKit", "FleetAPI", "FleetModel", "UpdateModel"]),
        tests("EngineControl", ["EngineControl", "UpdateModel"]),
        tests("EspProof", ["ContentTrust", "EspProof", "FleetTestKit", "HostLinux", "SlotDevice", "UpdateModel"]),
        tests(
            "FileSystemMaps",
            ["CompressionCodecs", "ContentTrust", "FileSystemMaps", "SlotDevice", "UpdateModel"]),
        tests("FleetAPI", ["FleetAPI", "FleetModel", "UpdateModel"]),
        tests(
            "FleetCommands",
            [
                "ContentTrust", "FleetAPI", "FleetCommands", "FleetModel", "FleetOperations", "FleetStorage",
                "PayloadStore", "UpdateModel", "UpdateServerKit", argumentParser, httpTypes, hummingbird,
                hummingbirdTesting, logging, nioCore,
            ]),
        tests("FleetDemo", ["EngineControl", "FleetDemo", "PartitionTable", "SlotDevice", "UpdateModel"]),
        tests("FleetModel", ["FleetModel"]),
        tests(
            "FleetOperations",
            [
                "FleetModel", "FleetOperations", "FleetStorage", "FleetStorageSQLite", "PayloadStore",
                "PayloadStoreFiles", "RolloutPlanning", "UpdateModel",
            ]),
        tests(
            "FleetStorage",
            ["FleetModel", "FleetStorage", "FleetStorageSQLite", "RolloutPlanning", "UpdateModel", grdb]),
        tests(
            "HostLinux",
            [
                "FleetTestKit", "HostLinux", "HostPower", "PartitionTable", "SlotDevice", "UnifiedKernelImage",
                "UpdateModel",
            ]),
        tests("ImageBuilder", ["ContentTrust", "ImageBuilder", "UpdateModel"]),
        tests("ImageCommands", ["ContentTrust", "ImageBuilder", "ImageCommands", "UpdateModel", argumentParser]),
        tests(
            "InstallPowerCut",
            [
                "BootControl", "BootControlGPT", "ContentTrust", "EngineTestKit", "FleetTestKit", "HostPower",
                "PartitionTable", "PayloadInstaller", "SlotDevice", "UpdateEngineKit", "UpdateLogic", "UpdateModel",
                logging,
            ]),
        tests(
            "MachineCommands",
            ["EngineControl", "MachineCommands", "UpdateModel", argumentParser, nioCore, nioPosix]),
        tests("OmahaProtocol", ["OmahaProtocol", "UpdateModel"]),
        tests("PartitionTable", ["FleetTestKit", "HostLinux", "PartitionTable", "SlotDevice", "UpdateModel"]),
        tests(
            "PayloadCommands",
            ["CompressionCodecs", "ContentTrust", "PayloadCommands", "UpdateModel", argumentParser]),
        tests("PayloadFormat", ["CompressionCodecs", "ContentTrust", "PayloadFormat", "UpdateModel"]),
        tests(
            "PayloadInstaller",
            [
                "BinaryDelta", "CompressionCodecs", "ContentTrust", "FleetTestKit", "HostLinux", "PayloadFormat",
                "PayloadInstaller", "SlotDevice", "UpdateModel",
            ]),
        tests("PayloadStore", ["ContentTrust", "PayloadStore", "PayloadStoreFiles", "UpdateModel"]),
        tests(
            "PowerCut",
            ["BootControl", "BootControlGPT", "FleetTestKit", "PartitionTable", "SlotDevice", "UpdateModel"]),
        tests(
            "RemoteFilesHTTP",
            [
                "FleetTestKit", "PayloadStore", "RemoteFilesHTTP", "UpdateModel", httpTypes, hummingbird,
                hummingbirdTesting, logging, nioCore, nioPosix,
            ]),
        tests("RolloutPlanning", ["FleetModel", "RolloutPlanning", "TimeZoneFormat", "UpdateModel"]),
        tests("QemuKit", ["FleetDemo", "FleetTestKit", "QemuKit", "UpdateModel", nioCore, nioPosix]),
        tests("SlotDevice", ["FleetTestKit", "HostLinux", "SlotDevice", "UpdateModel"]),
        tests("TimeZoneFormat", ["TimeZoneFormat"]),
        tests("UnifiedKernelImage", ["FleetTestKit", "SlotDevice", "UnifiedKernelImage"]),
        tests(
            "UpdateEngineKit",
            [
                "AnyJSON", "BootControl", "BootControlGPT", "ContentTrust", "EngineControl", "EngineTestKit",
                "FleetTestKit", "HostLinux", "HostPower", "OmahaProtocol", "SlotDevice", "UpdateEngineKit",
                "UpdateLogic", "UpdateModel", httpClient, lifecycle, logging, nioCore, nioHTTP1, nioPosix,
            ]),
        tests("UpdateLogic", ["BootControl", "UpdateLogic", "UpdateModel"]),
        tests("UpdateModel", ["UpdateModel"]),
        tests(
            "UpdateServerKit",
            [
                "AnyJSON", "ContentTrust", "FleetAPI", "FleetModel", "FleetOperations", "FleetStorage", "OmahaProtocol",
                "PayloadFormat", "PayloadStore", "UpdateModel", "UpdateServerKit", httpTypes, hummingbird,
                hummingbirdTesting, logging, nioCore,
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
