package import PayloadFormat
package import SlotDevice
internal import UpdateModel

/// What a target holds, beside what a payload makes of it.
package enum TargetContent {
    /// Re-reads a target, with the next bytes on their way while some are hashed.
    /// - Parameter progress: Told how many bytes have been read.
    /// - Throws: ``InstallationError/wrongResult(partition:expected:actual:)``,
    ///   ``InstallationError/targetTooSmall(partition:neededBytes:sizeBytes:)``,
    ///   ``InstallationError/newInfoMissing(partition:)``, ``InstallationError/device(partition:_:)``.
    package static func check(
        _ partition: PayloadPartition, on device: any BlockDevice, progress: (UInt64) -> Void = { _ in }
    ) throws(InstallationError) {
        guard let expected = partition.newInfo else { throw .newInfoMissing(partition: partition.name) }
        guard expected.sizeBytes <= device.sizeBytes else {
            throw .targetTooSmall(
                partition: partition.name, neededBytes: expected.sizeBytes, sizeBytes: device.sizeBytes)
        }
        let access = DeviceAccess(partition: partition.name, device: device)
        let actual = try access.digest(ofFirst: expected.sizeBytes, progress: progress)
        guard actual == expected.digest else {
            throw .wrongResult(partition: partition.name, expected: expected.digest, actual: actual)
        }
    }
}
