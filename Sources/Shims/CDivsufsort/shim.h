// libdivsufsort: suffix arrays in linear space, as its header has it.
#ifndef MARTLET_CDIVSUFSORT_SHIM_H
#define MARTLET_CDIVSUFSORT_SHIM_H

#include <divsufsort.h>

#endif
