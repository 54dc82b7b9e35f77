// liblzma, and as functions those of its constants that Swift cannot import.
#ifndef MARTLET_CLZMA_SHIM_H
#define MARTLET_CLZMA_SHIM_H

#include <lzma.h>

static inline uint32_t martlet_lzma_tell_unsupported_check(void) { return LZMA_TELL_UNSUPPORTED_CHECK; }

static inline lzma_vli martlet_lzma_filter_lzma2(void) { return LZMA_FILTER_LZMA2; }

static inline lzma_vli martlet_lzma_filter_end(void) { return LZMA_VLI_UNKNOWN; }

#endif
