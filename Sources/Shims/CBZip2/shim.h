// The low-level interface of libbz2, without its wrappers around C's FILE.
#ifndef MARTLET_CBZIP2_SHIM_H
#define MARTLET_CBZIP2_SHIM_H

#define BZ_NO_STDIO

#include <bzlib.h>

#endif
