import CLinux

/// How the C library handles memory.
package enum MemoryHabits {
    /// Gives pieces of 192 KiB and more back as soon as they are free, and keeps few heaps. Work that hands large pieces
    /// from thread to thread otherwise ends up with several times what it needs. For the whole process; call it first.
    package static func keepSmall() { martlet_keep_memory_small() }

    /// Gives back what is free between pieces in use, after work that held much for a moment.
    package static func giveBack() { martlet_give_memory_back() }
}
