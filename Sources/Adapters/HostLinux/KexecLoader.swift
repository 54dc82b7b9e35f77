import CLinux
import Glibc
package import SlotDevice
package import UnifiedKernelImage

/// Loads the kernel of a boot image beside the running one, to be started by `systemctl kexec`.
///
/// Uses `kexec_file_load`, the only way that a locked-down kernel leaves open: the kernel itself reads both files and
/// checks the signature. What was loaded before is replaced.
///
/// Source: kexec_file_load(2).
package enum KexecLoader {
    /// Of kernel and of initial RAM disk, each. They are held in memory twice until the call returns.
    package static let contentBytesMax: UInt64 = 256 << 20
    /// x86's `COMMAND_LINE_SIZE`, the shortest of those that we boot, without the byte that ends it.
    package static let commandLineBytesMax = 2047

    private static let statePath = "/sys/kernel/kexec_loaded"

    /// - Parameter parameters: added at the end of the image's own command line.
    package static func load(_ image: BootImage, appending parameters: String) throws(KexecError) {
        let commandLine = try commandLine(of: image, appending: parameters)
        let kernel = try copy(of: ".linux", from: image)
        let initialRAMDisk = try optionalCopy(of: ".initrd", from: image)
        try load(kernel, initialRAMDisk, commandLine)
    }

    /// Whether a kernel is loaded, by us or by somebody else.
    package static func isLoaded() throws(DeviceError) -> Bool {
        do {
            return try FileDescriptor.open(statePath, flags: O_RDONLY).read(at: 0, count: 1) == [UInt8(ascii: "1")]
        } catch {
            if error.code == ENOENT { return false }  // A kernel without it.
            throw error.asDeviceError("read", statePath)
        }
    }

    /// Forgets what was loaded. Succeeds when nothing was.
    package static func unload() throws(KexecError) {
        guard martlet_kexec_unload() == 0 else { throw KexecError(SystemError.last) }
    }

    /// What the new kernel is told.
    package static func commandLine(of image: BootImage, appending parameters: String) throws(KexecError) -> String {
        let own: String
        do { own = try image.commandLine() } catch { throw .image(error) }
        let whole = parameters.isEmpty ? own : "\(own) \(parameters)"
        guard whole.utf8.count <= commandLineBytesMax else {
            throw .commandLineTooLong(limitBytes: commandLineBytesMax)
        }
        return whole
    }

    private static func load(
        _ kernel: FileDescriptor, _ initialRAMDisk: FileDescriptor?, _ commandLine: String
    ) throws(KexecError) {
        let result = unsafe martlet_kexec_file_load(kernel.number, initialRAMDisk?.number ?? -1, commandLine)
        guard result == 0 else { throw KexecError(SystemError.last) }
    }

    private static func copy(of section: String, from image: BootImage) throws(KexecError) -> FileDescriptor {
        guard let copy = try optionalCopy(of: section, from: image) else { throw .image(.sectionMissing(section)) }
        return copy
    }

    private static func optionalCopy(
        of section: String, from image: BootImage
    ) throws(KexecError) -> FileDescriptor? {
        let content: DeviceRegion?
        do { content = try image.content(of: section) } catch { throw .image(error) }
        guard let content else { return nil }
        guard content.sizeBytes <= contentBytesMax else {
            throw .tooLarge(section: section, limitBytes: contentBytesMax)
        }
        do { return try MemoryFile.copy(of: content, label: "martlet\(section)") } catch { throw .device(error) }
    }
}
