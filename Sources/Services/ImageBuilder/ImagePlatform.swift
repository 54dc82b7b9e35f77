package import UpdateModel

/// What differs from one processor family to the next.
///
/// Source: Discoverable Partitions Specification (partition types), UEFI 2.10 section 3.5.1.1 (names of boot files).
package struct ImagePlatform: Hashable, Sendable {
    /// In Debian's spelling.
    package let architecture: Architecture
    package let rootType: String
    package let rootVerityType: String
    /// Where systemd's stub and loader are on the building host.
    package let stubPath: String
    package let loaderPath: String
    /// The loader's name for firmware that knows no other, in `/EFI/BOOT`.
    package let fallbackLoaderName: String
    package let console: String
    package let emulator: String
    package let firmwareCode: String
    package let firmwareVariables: String

    package static let amd64 = ImagePlatform(
        architecture: .amd64,
        rootType: "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
        rootVerityType: "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
        stubPath: "/usr/lib/systemd/boot/efi/linuxx64.efi.stub",
        loaderPath: "/usr/lib/systemd/boot/efi/systemd-bootx64.efi",
        fallbackLoaderName: "BOOTX64.EFI",
        console: "ttyS0",
        emulator: "qemu-system-x86_64",
        firmwareCode: "/usr/share/OVMF/OVMF_CODE_4M.fd",
        firmwareVariables: "/usr/share/OVMF/OVMF_VARS_4M.fd")

    package static let arm64 = ImagePlatform(
        architecture: .arm64,
        rootType: "b921b045-1df0-41c3-af44-4c6f280d3fae",
        rootVerityType: "df3300ce-d69f-4c92-978c-9bfb0f38d820",
        stubPath: "/usr/lib/systemd/boot/efi/linuxaa64.efi.stub",
        loaderPath: "/usr/lib/systemd/boot/efi/systemd-bootaa64.efi",
        fallbackLoaderName: "BOOTAA64.EFI",
        console: "ttyAMA0",
        emulator: "qemu-system-aarch64",
        firmwareCode: "/usr/share/AAVMF/AAVMF_CODE.fd",
        firmwareVariables: "/usr/share/AAVMF/AAVMF_VARS.fd")

    /// `nil` for a family that we have no tables for.
    package init?(_ architecture: Architecture) {
        switch architecture {
        case .amd64: self = .amd64
        case .arm64: self = .arm64
        default: return nil
        }
    }

    private init(
        architecture: Architecture, rootType: String, rootVerityType: String, stubPath: String, loaderPath: String,
        fallbackLoaderName: String, console: String, emulator: String, firmwareCode: String, firmwareVariables: String
    ) {
        self.architecture = architecture
        self.rootType = rootType
        self.rootVerityType = rootVerityType
        self.stubPath = stubPath
        self.loaderPath = loaderPath
        self.fallbackLoaderName = fallbackLoaderName
        self.console = console
        self.emulator = emulator
        self.firmwareCode = firmwareCode
        self.firmwareVariables = firmwareVariables
    }

    /// `systemd-bootx64.efi` and so on.
    package var loaderName: String { String(loaderPath.split(separator: "/").last ?? "") }
}
