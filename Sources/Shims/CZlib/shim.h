// zlib: unpacking deflate streams, and the checksum of gzip.
#ifndef MARTLET_CZLIB_SHIM_H
#define MARTLET_CZLIB_SHIM_H

#include <zlib.h>

// A macro with a cast in it, which Swift cannot import.
static inline int martlet_inflate_raw_init(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

#endif
