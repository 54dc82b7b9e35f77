import SlotDevice

/// The master boot record that keeps tools without knowledge of GPT from thinking that the disk is empty.
///
/// ```text
/// 0–439 boot code, kept │ 440–445 disk signature, kept │ 446 one record of type EE over the whole disk │ 510 55 AA
/// ```
/// Source: UEFI Specification 2.10, clause 5.2.3.
enum ProtectiveBootRecord {
    private static let recordsOffset = 446
    private static let byteCount = 66

    static func write(to device: any BlockDevice) throws(DeviceError) {
        let sectorCount = device.sizeBytes / UInt64(device.sectorSizeBytes)
        var sector = try device.read(at: 0, count: device.sectorSizeBytes)
        sector.put(records(coveringSectors: UInt32(clamping: sectorCount - 1)), at: recordsOffset)
        try device.write(sector, at: 0)
        try device.flush()
    }

    private static func records(coveringSectors count: UInt32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        bytes.put([0x00, 0x00, 0x02, 0x00, 0xEE, 0xFF, 0xFF, 0xFF], at: 0)
        bytes.put(UInt32(1), at: 8)
        bytes.put(count, at: 12)
        bytes.put([0x55, 0xAA], at: 64)
        return bytes
    }
}
