// The entry of libFuzzer that lets a program keep its own `main`. No header of the toolchain declares it.
// Source: LLVM, "libFuzzer – a library for coverage-guided fuzz testing", "Using libFuzzer as a library".
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argument_count, char ***arguments,
                        int (*target)(const uint8_t *bytes, size_t count));
