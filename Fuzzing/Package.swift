// swift-tools-version: 6.2
import PackageDescription

// Fuzzers for everything that reads bytes from outside. `scripts/fuzz.sh` builds and runs them.
//
// A package of its own, because its targets are compiled with coverage and an address sanitizer, and because it leaves
// out everything that a server needs. The sources are those of the main package, through the link `House`.

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

/// A fuzzer: `Sources/<name>/main.swift`, and its first inputs in `Corpus/<name>/`.
func fuzzer(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzDriver"] + dependencies, path: "Sources/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "martlet-fuzzing",
    dependencies: [.package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0")],
    targets: [
        .systemLibrary(name: "CLibFuzzer", path: "Sources/CLibFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["CLibFuzzer"], path: "Sources/FuzzDriver", swiftSettings: strict),

        shim("CExpat", library: "expat", package: "libexpat1-dev"),
        house("Model/UpdateModel"),
        house("Formats/OmahaProtocol", "CExpat", "UpdateModel"),
        house("Formats/PartitionTable", "UpdateModel", "SlotDevice"),
        house("Ports/SlotDevice", "UpdateModel"),
        house("Formats/TimeZoneFormat"),

        fuzzer("FuzzZone", "TimeZoneFormat"),
        fuzzer("FuzzOmaha", "OmahaProtocol", "UpdateModel"),
        fuzzer("FuzzPartitionTable", "PartitionTable", "SlotDevice"),

        shim("CLibcrypto", library: "libcrypto", package: "libssl-dev"),
        shim("CLZMA", library: "liblzma", package: "liblzma-dev"),
        shim("CZstd", library: "libzstd", package: "libzstd-dev"),
        shim("CZlib", library: "zlib", package: "zlib1g-dev"),
        shim("CLZ4", library: "liblz4", package: "liblz4-dev"),
        shim("CDivsufsort", library: "libdivsufsort", package: "libdivsufsort-dev"),
        // Debian's libbz2-dev has no file for pkg-config.
        .systemLibrary(name: "CBZip2", path: "House/Shims/CBZip2", providers: [.apt(["libbz2-dev"])]),
        house("Formats/ContentTrust", "CLibcrypto", "UpdateModel"),
        house("Formats/CompressionCodecs", "CBZip2", "CLZMA", "CZlib", "CZstd", "UpdateModel"),
        house("Formats/BinaryDelta", "CDivsufsort", "CLZMA", "CompressionCodecs", "UpdateModel"),
        house("Formats/FileSystemMaps", "CLZ4", "SlotDevice"),
        .target(
            name: "PayloadFormat",
            dependencies: ["ContentTrust", "UpdateModel", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            path: "House/Formats/PayloadFormat", exclude: ["Schema/payload.proto"], swiftSettings: strict),
        house(
            "Services/PayloadInstaller", "BinaryDelta", "CompressionCodecs", "ContentTrust", "FileSystemMaps",
            "PayloadFormat", "SlotDevice", "UpdateModel"),

        fuzzer("FuzzManifest", "PayloadFormat"),
        fuzzer(
            "FuzzApply", "CompressionCodecs", "ContentTrust", "PayloadFormat", "PayloadInstaller", "SlotDevice",
            "UpdateModel"),
        fuzzer("FuzzGzip", "CompressionCodecs"),
        fuzzer("FuzzZstandard", "CompressionCodecs", "UpdateModel"),
        fuzzer("FuzzPatch", "BinaryDelta", "UpdateModel"),
        fuzzer("FuzzFileSystem", "FileSystemMaps", "SlotDevice"),
    ]
)
