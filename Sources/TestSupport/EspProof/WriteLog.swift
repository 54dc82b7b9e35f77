package import SlotDevice
package import UpdateModel

/// What a disk was told, in order, as QEMU's driver `blklogwrites` notes it: in the form of device-mapper's log-writes.
///
/// ```text
/// sector 0   magic u64 · version u64 = 1 · entries u64 · bytes in a sector u32
/// then, for each entry
///   a sector sector u64 · sectors u64 · flags u64 · bytes of a mark u64
///   the sectors that were written, except for a discard
/// flags: 1 flush before · 2 written through · 4 discard · 8 mark
/// ```
/// All numbers are little-endian, all counts in sectors of the log's own size.
///
/// Source: Linux `Documentation/admin-guide/device-mapper/log-writes.rst`; QEMU `block/blklogwrites.c`.
package struct WriteLog: Sendable {
    package enum Event: Hashable, Sendable {
        case write(DiskWrite)
        /// All that was written before is durable.
        case flush
        /// Something was written to a slot's root, elsewhere on the disk.
        case slotWritten(Slot)
    }

    private static let magic: UInt64 = 0x6A_7366_7773_6872
    private enum Flag {
        static let flush: UInt64 = 1
        static let writtenThrough: UInt64 = 2
        static let discard: UInt64 = 4
        static let mark: UInt64 = 8
    }

    package let events: [Event]

    /// - Throws: ``EspProofError/badLog(reason:)`` also for what was written through, or discarded, within `range`:
    ///   what may be lost of it has no answer here, and our guests are not offered either.
    /// - Parameters:
    ///   - range: the bytes of the disk that matter; what lies outside is left out, flushes stay.
    ///   - slots: where the slots' roots lie on the disk; that they are written is noted, with what is not.
    package init(
        _ log: any BlockDevice, within range: Range<UInt64>, watching slots: [Slot: Range<UInt64>] = [:]
    ) throws(EspProofError) {
        let head = try Self.read(log, at: 0, count: 28)
        guard head.unsigned(at: 0, count: 8) == Self.magic else {
            throw .badLog(reason: "it begins like something else")
        }
        let sectorBytes = head.unsigned(at: 24, count: 4)
        guard head.unsigned(at: 8, count: 8) == 1, [512, 4096].contains(sectorBytes) else {
            throw .badLog(reason: "its version or its sectors are unknown")
        }
        var events: [Event] = []
        var offset = sectorBytes
        for _ in 0..<head.unsigned(at: 16, count: 8) {
            let entry = try Self.read(log, at: offset, count: 32)
            offset += sectorBytes
            events += try Self.events(of: entry, sectorBytes, dataOffsetBytes: offset, range, slots)
            if entry.unsigned(at: 16, count: 8) & Flag.discard == 0 {
                let (count, overflow) = entry.unsigned(at: 8, count: 8).multipliedReportingOverflow(by: sectorBytes)
                guard !overflow, count <= log.sizeBytes else {
                    throw .badLog(reason: "an entry is larger than the log")
                }
                offset += count
            }
            guard offset <= log.sizeBytes else { throw .badLog(reason: "it ends within an entry") }
        }
        self.events = events
    }

    private static func events(
        of entry: [UInt8], _ sectorBytes: UInt64, dataOffsetBytes: UInt64, _ range: Range<UInt64>,
        _ slots: [Slot: Range<UInt64>]
    ) throws(EspProofError) -> [Event] {
        let flags = entry.unsigned(at: 16, count: 8)
        var events: [Event] = flags & Flag.flush != 0 ? [.flush] : []
        let (start, isTooFar) = entry.unsigned(at: 0, count: 8).multipliedReportingOverflow(by: sectorBytes)
        let (count, isTooLong) = entry.unsigned(at: 8, count: 8).multipliedReportingOverflow(by: sectorBytes)
        let (end, isBeyond) = start.addingReportingOverflow(count)
        guard !isTooFar, !isTooLong, !isBeyond else { throw .badLog(reason: "an entry lies outside any disk") }
        if flags & Flag.mark == 0, start < end {
            events += Slot.allCases.filter { slots[$0]?.overlaps(start..<end) == true }.map { .slotWritten($0) }
        }
        let part = max(start, range.lowerBound)..<max(max(start, range.lowerBound), min(end, range.upperBound))
        guard flags & Flag.mark == 0, !part.isEmpty else { return events }
        guard flags & (Flag.discard | Flag.writtenThrough) == 0 else {
            throw .badLog(reason: "a write was written through, or discards")
        }
        let write = DiskWrite(
            offsetBytes: part.lowerBound - range.lowerBound, count: Int(part.upperBound - part.lowerBound),
            logOffsetBytes: dataOffsetBytes + part.lowerBound - start)
        events.append(.write(write))
        return events
    }

    private static func read(
        _ log: any BlockDevice, at offset: UInt64, count: Int
    ) throws(EspProofError) -> [UInt8] {
        guard log.contains(offsetBytes: offset, count: count) else { throw .badLog(reason: "it ends too early") }
        do { return try log.read(at: offset, count: count) } catch { throw .device(error) }
    }
}

/// One write to a part of a disk. Its bytes stay in the log.
package struct DiskWrite: Hashable, Sendable {
    /// From the beginning of the part.
    package let offsetBytes: UInt64
    package let count: Int
    package let logOffsetBytes: UInt64

    package init(offsetBytes: UInt64, count: Int, logOffsetBytes: UInt64) {
        self.offsetBytes = offsetBytes
        self.count = count
        self.logOffsetBytes = logOffsetBytes
    }
}

/// What was written between two flushes; of it a power cut keeps what it likes.
package struct WriteWindow: Hashable, Sendable {
    /// In their order.
    package var writes: [DiskWrite] = []
    /// The slots whose roots were written meanwhile.
    package var slots: Set<Slot> = []

    var isEmpty: Bool { writes.isEmpty && slots.isEmpty }
}

extension WriteLog {
    /// The windows in which something was written. Those that follow each other and only write slots are one.
    package var windows: [WriteWindow] {
        var windows = [WriteWindow()]
        for event in events {
            switch event {
            case .write(let write): windows[windows.count - 1].writes.append(write)
            case .slotWritten(let slot): windows[windows.count - 1].slots.insert(slot)
            case .flush: if windows.last?.isEmpty == false { windows.append(WriteWindow()) }
            }
        }
        return windows.filter { !$0.isEmpty }.reduce(into: []) { merged, window in
            if window.writes.isEmpty, merged.last?.writes.isEmpty == true {
                merged[merged.count - 1].slots.formUnion(window.slots)
            } else {
                merged.append(window)
            }
        }
    }
}
