/// What the kernel of a release is told: signed with it, and beyond the reach of whoever sits at the console.
package struct KernelCommandLine: Hashable, Sendable {
    package let text: String

    /// Without these a machine that panics stops for ever, or systemd looks for partitions of its own choice:
    ///
    /// - `panic=3 oops=panic`: whatever is wrong ends in a restart after three seconds, and the loader counts it.
    /// - `gpt`: the table is read even where the protective one before it is damaged.
    /// - `ro systemd.gpt_auto=0`: the root is read only, and the initramfs alone picks the partitions.
    private static let safetyNet = "panic=3 oops=panic gpt ro systemd.gpt_auto=0"

    /// - Parameters:
    ///   - blocks: of 4096 bytes, before the root's hash tree begins to count.
    ///   - operatorWords: those of the definition; they come last, and of a word given twice the kernel takes the last.
    package init(
        rootHash: String, blocks: UInt64, salt: String, tries: Int, console: String, operatorWords: String
    ) {
        text = [
            "roothash=\(rootHash) martlet.verity=\(blocks):\(salt) martlet.tries=\(tries) console=\(console)",
            Self.safetyNet, operatorWords,
        ].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
