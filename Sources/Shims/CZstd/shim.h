// libzstd, and as functions those of its constants that Swift cannot import.
#ifndef MARTLET_CZSTD_SHIM_H
#define MARTLET_CZSTD_SHIM_H

#include <zstd.h>
#include <zstd_errors.h>

static inline unsigned long long martlet_zstd_unknown_size(void) { return ZSTD_CONTENTSIZE_UNKNOWN; }

#endif
