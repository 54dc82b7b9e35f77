#include "CLinux.h"

#include <malloc.h>

void martlet_keep_memory_small(void) {
    mallopt(M_MMAP_THRESHOLD, 192 << 10);
    mallopt(M_ARENA_MAX, 2);
}

void martlet_give_memory_back(void) { malloc_trim(0); }
