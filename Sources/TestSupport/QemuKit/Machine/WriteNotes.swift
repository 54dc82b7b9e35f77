/// What was written to a machine's disk since somebody began to note it, see ``VirtualMachine/noteWrites()``.
package struct WriteNotes: Hashable, Sendable {
    /// A file with the boot partition as it was before.
    package let bootPartitionBefore: String
    /// For each power-on since, in order, the log that QEMU kept.
    package internal(set) var logs: [String]
}
