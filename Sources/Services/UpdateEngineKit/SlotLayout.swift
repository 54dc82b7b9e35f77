import PayloadFormat
package import SlotDevice
package import UpdateModel

/// How a release lies on this machine: where each partition of a payload goes.
package struct SlotLayout: Sendable {
    /// One partition of each slot on the disk.
    package struct System: Sendable {
        /// As payloads name it; `nil`: the payload's only partition beside the boot file, or the one named “system”.
        package var name: String?
        package var device: @Sendable (Slot) throws -> any BlockDevice

        package init(name: String?, device: @escaping @Sendable (Slot) throws -> any BlockDevice) {
            self.name = name
            self.device = device
        }
    }

    /// The file from which the boot loader starts a slot. It is written aside and gets its name once it is verified.
    package struct BootFile: Sendable {
        /// As payloads name it.
        package var partition: String
        package var files: any FileArea
        /// The name while it is written.
        package var staged: @Sendable (Slot) -> String
        /// The name when it is complete; `nil` where the activation gives it one.
        package var final: (@Sendable (Slot) -> String)?
        /// The file that the slot boots from now; `nil` when there is none.
        package var current: @Sendable (Slot) throws -> String?
        /// Looks into the complete file for what would keep it from booting as it should.
        package var check: @Sendable (any BlockDevice) throws -> Void

        package init(
            partition: String, files: any FileArea, staged: @escaping @Sendable (Slot) -> String,
            final: (@Sendable (Slot) -> String)?, current: @escaping @Sendable (Slot) throws -> String?,
            check: @escaping @Sendable (any BlockDevice) throws -> Void = { _ in }
        ) {
            self.partition = partition
            self.files = files
            self.staged = staged
            self.final = final
            self.current = current
            self.check = check
        }
    }

    package var systems: [System]
    /// `nil` where the boot loader finds its kernels elsewhere: a payload's kernel is checked and dropped.
    package var bootFile: BootFile?

    package init(systems: [System], bootFile: BootFile?) {
        self.systems = systems
        self.bootFile = bootFile
    }

    /// One partition a slot, and kernels as `vmlinuz-a` and `vmlinuz-b` in a directory of GRUB's.
    ///
    /// Source: flatcar/scripts `build_library/grub.cfg`.
    package static func flatcar(
        partition: @escaping @Sendable (Slot) throws -> any BlockDevice, kernels: (any FileArea)?
    ) -> SlotLayout {
        let bootFile = kernels.map { files in
            BootFile(
                partition: PayloadPartition.kernelName, files: files, staged: { "vmlinuz-\($0).new" },
                final: { "vmlinuz-\($0)" },
                current: { slot in
                    let name = "vmlinuz-\(slot)"
                    return try files.names().contains(name) ? name : nil
                })
        }
        return SlotLayout(systems: [System(name: nil, device: partition)], bootFile: bootFile)
    }
}
