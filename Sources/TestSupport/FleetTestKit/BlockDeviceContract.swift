package import SlotDevice

/// What every ``BlockDevice`` promises.
package enum BlockDeviceContract {
    /// Checks a device of at least 64 KiB, whose content is overwritten.
    /// - Throws: ``ContractFailure`` for a broken promise.
    package static func check(_ device: any BlockDevice, seed: UInt64 = 1) throws {
        var random = SeededRandom(seed: seed)
        try require(device.sizeBytes >= 65536, "the contract needs 64 KiB")
        try require(
            [512, 4096].contains(device.sectorSizeBytes),
            "sectors have 512 or 4096 bytes, not \(device.sectorSizeBytes)")
        try readsBackWhatWasWritten(device, &random)
        try refusesWhatLiesOutside(device)
        try acceptsEmptyRanges(device)
        try fillsMemory(device, &random)
        try touchesNothingBesideTheRange(device)
    }

    private static func readsBackWhatWasWritten(_ device: any BlockDevice, _ random: inout SeededRandom) throws {
        for _ in 0..<50 {
            let count = Int.random(in: 1...9000, using: &random)
            let offset = UInt64.random(in: 0...device.sizeBytes - UInt64(count), using: &random)
            let bytes = random.bytes(count)
            try device.write(bytes, at: offset)
            try require(
                device.read(at: offset, count: count) == bytes, "\(count) bytes at \(offset) read back as written")
            if Bool.random(using: &random) {
                try device.flush()
                try require(
                    device.read(at: offset, count: count) == bytes, "\(count) bytes at \(offset) outlive a flush")
            }
        }
    }

    private static func refusesWhatLiesOutside(_ device: any BlockDevice) throws {
        let size = device.sizeBytes
        for (offset, count) in [(size, 1), (size - 1, 2), (UInt64.max, 1), (UInt64.max - 511, 512), (0, Int(size) + 1)]
        {
            let isOutOfRange: (DeviceError) -> Bool = { if case .outOfRange = $0 { true } else { false } }
            try requireError("reading \(count) at \(offset) is out of range", isOutOfRange) { () throws(DeviceError) in
                _ = try device.read(at: offset, count: count)
            }
            guard count <= 4096 else { continue }
            let bytes = [UInt8](repeating: 1, count: count)
            try requireError("writing \(count) at \(offset) is out of range", isOutOfRange) { () throws(DeviceError) in
                try device.write(bytes, at: offset)
            }
        }
        try requireError("a negative count is out of range", { if case .outOfRange = $0 { true } else { false } }) {
            () throws(DeviceError) in
            _ = try device.read(at: 0, count: -1)
        }
    }

    private static func acceptsEmptyRanges(_ device: any BlockDevice) throws {
        try require(device.read(at: device.sizeBytes, count: 0).isEmpty, "nothing can be read at the very end")
        try device.write([], at: device.sizeBytes)
        try device.write([], at: 0)
    }

    /// Aligned memory and places, and others.
    private static func fillsMemory(_ device: any BlockDevice, _ random: inout SeededRandom) throws {
        let bytes = random.bytes(20480)
        try device.write(bytes, at: 0)
        try device.flush()
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16384, alignment: 4096)
        defer { unsafe memory.deallocate() }
        for (offset, start, count) in [(0, 0, 16384), (4096, 4096, 8192), (1, 0, 4096), (4096, 7, 8192), (5000, 9, 0)] {
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + count])
            try unsafe device.read(at: UInt64(offset), into: part)
            try require(unsafe part.elementsEqual(bytes[offset..<offset + count]), "memory is filled from \(offset)")
            let others = unsafe memory[..<start].allSatisfy { $0 == 0xEE } && memory[(start + count)...].allSatisfy { $0 == 0xEE }
            try require(others, "no other memory is touched")
        }
        let isOutOfRange: (DeviceError) -> Bool = { if case .outOfRange = $0 { true } else { false } }
        try requireError("filling memory from beyond the end is out of range", isOutOfRange) { () throws(DeviceError) in
            try unsafe device.read(at: device.sizeBytes - 1, into: memory)
        }
    }

    private static func touchesNothingBesideTheRange(_ device: any BlockDevice) throws {
        try device.write([UInt8](repeating: 0x11, count: 16384), at: 0)
        // Neither end on a boundary of a sector or a page.
        try device.write([UInt8](repeating: 0x22, count: 8193), at: 4095)
        try device.flush()
        let bytes = try device.read(at: 0, count: 16384)
        let wanted =
            [UInt8](repeating: 0x11, count: 4095) + [UInt8](repeating: 0x22, count: 8193)
            + [UInt8](repeating: 0x11, count: 4096)
        try require(bytes == wanted, "a write changes nothing before or behind it")
        let slice = (0..<100).map { UInt8($0) }[40..<60]
        try device.write(slice, at: 7)
        try require(device.read(at: 7, count: 20) == Array(slice), "a slice is written from its own start")
    }
}
