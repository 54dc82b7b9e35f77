// liblzma, and as functions those of its constants that Swift cannot import.
#ifndef MARTLET_CLZMA_SHIM_H
#define MARTLET_CLZMA_SHIM_H

#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static inline uint32_t martlet_lzma_tell_unsupported_check(void) { return LZMA_TELL_UNSUPPORTED_CHECK; }

static inline lzma_vli martlet_lzma_filter_lzma2(void) { return LZMA_FILTER_LZMA2; }

static inline lzma_vli martlet_lzma_filter_end(void) { return LZMA_VLI_UNKNOWN; }

// Memory in pages as large as the system has them: an encoder looks at places all over hundreds of MiB, and a sixth of its time
// goes by finding small pages.
static void *martlet_lzma_allocate(void *unused, size_t count, size_t byte_count) {
    const size_t large = (size_t)2 << 20;
    size_t total;
    void *memory;
    (void)unused;
    if (__builtin_mul_overflow(count, byte_count, &total)) return NULL;
    if (total < 2 * large) return malloc(total);
    if (posix_memalign(&memory, large, total) != 0) return NULL;
    // Where the system has none, small ones do.
    (void)madvise(memory, total, MADV_HUGEPAGE);
    return memory;
}

static void martlet_lzma_free(void *unused, void *memory) {
    (void)unused;
    free(memory);
}

static inline lzma_allocator martlet_lzma_large_pages(void) {
    lzma_allocator allocator = {martlet_lzma_allocate, martlet_lzma_free, NULL};
    return allocator;
}

#endif
