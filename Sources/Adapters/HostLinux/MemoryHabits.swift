import CLinux

/// How the C library handles memory.
package enum MemoryHabits {
    /// Gives pieces of 192 KiB and more back as soon as they are free, and keeps few heaps. Work that hands large pieces
    /// from thread to thread otherwise ends up with several times what it needs. For the whole process; call it first.
    package static func keepSmall() { martlet_keep_memory_small() }

    /// Lets go of the pages of the program's file and its libraries. Starting touches many that are not needed again;
    /// those that are come back from the system's cache.
    package static func giveProgramBack() { martlet_give_program_pages_back() }

    /// Gives back what is free between pieces in use, after work that held much for a moment.
    package static func giveBack() { martlet_give_memory_back() }
}
