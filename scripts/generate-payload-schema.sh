#!/bin/sh
# Generates the Swift form of the payload's protobuf schema anew. The result is committed, so that a build needs neither
# protoc nor its plug-in; run this only after a change of payload.proto or of swift-protobuf's version.
#
# Needs: protoc (Debian's protobuf-compiler), swift, and the network for swift-protobuf.
set -eu

version=1.39.0
root=$(cd "$(dirname "$0")/.." && pwd)
schema="$root/Sources/Formats/PayloadFormat/Schema"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/Sources/Plug"
echo 'print("plug")' >"$work/Sources/Plug/main.swift"
cat >"$work/Package.swift" <<END
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "plug",
    dependencies: [.package(url: "https://github.com/apple/swift-protobuf", exact: "$version")],
    targets: [
        .executableTarget(name: "Plug", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")])
    ])
END
plugin=${PROTOC_GEN_SWIFT:-}
if [ -z "$plugin" ]; then
    swift build --package-path "$work" -c release --product protoc-gen-swift
    plugin=$(swift build --package-path "$work" -c release --show-bin-path)/protoc-gen-swift
fi
protoc --plugin="protoc-gen-swift=$plugin" --proto_path="$schema" \
    --swift_opt=Visibility=Internal --swift_opt=UseAccessLevelOnImports=true \
    --swift_out="$schema" payload.proto
