#define _GNU_SOURCE
#include "CLinux.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

void martlet_keep_memory_small(void) {
    mallopt(M_MMAP_THRESHOLD, 192 << 10);
    mallopt(M_ARENA_MAX, 2);
    /* Else each piece that comes and goes at the heap's end is given back, and faulted in again. */
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

void martlet_give_memory_back(void) { malloc_trim(0); }

/* Whether the loader has written into what is otherwise only read: those pages exist nowhere else. */
static int has_written_text(const struct dl_phdr_info *object) {
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_DYNAMIC) continue;
        for (const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + part->p_vaddr); entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL) return 1;
            if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)) return 1;
        }
    }
    return 0;
}

static int give_back(struct dl_phdr_info *object, size_t size, void *nothing) {
    (void)size;
    (void)nothing;
    if (has_written_text(object)) return 0;
    const ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W)) continue;
        /* Whole pages of this part alone: the last may be shared with one that is written. */
        ElfW(Addr) start = (object->dlpi_addr + part->p_vaddr + page - 1) & ~(page - 1);
        ElfW(Addr) end = (object->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void martlet_give_program_pages_back(void) { dl_iterate_phdr(give_back, 0); }
