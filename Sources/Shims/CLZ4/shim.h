// liblz4: blocks, and blocks made to fill a given room.
#ifndef MARTLET_CLZ4_SHIM_H
#define MARTLET_CLZ4_SHIM_H

#include <lz4.h>
#include <lz4hc.h>

#endif
