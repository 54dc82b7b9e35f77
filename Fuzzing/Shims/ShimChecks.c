/* Calls every function of our own C with what it should bear and with what it should not, under the address and the
   undefined-behaviour sanitizer; see scripts/sanitize.sh.

   ShimChecks DIRECTORY SEED: files are made in DIRECTORY. */
#define _GNU_SOURCE
#include "CLinux.h"

#include "../../Sources/Shims/CBZip2/shim.h"
#include "../../Sources/Shims/CDivsufsort/shim.h"
#include "../../Sources/Shims/CExpat/shim.h"
#include "../../Sources/Shims/CLZ4/shim.h"
#include "../../Sources/Shims/CLZMA/shim.h"
#include "../../Sources/Shims/CLibcrypto/shim.h"
#include "../../Sources/Shims/CZlib/shim.h"
#include "../../Sources/Shims/CZstd/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(claim)                                                                       \
    do {                                                                                   \
        if (!(claim)) {                                                                    \
            fprintf(stderr, "ShimChecks: line %d: not so: %s\n", __LINE__, #claim);        \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

static uint64_t state;

/* splitmix64. */
static uint64_t chance(void) {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* An exact piece of memory, so that one byte too far is seen. */
static char *text(size_t count) {
    char *bytes = malloc(count + 1);
    CHECK(bytes);
    for (size_t i = 0; i < count; i++) bytes[i] = (char)(1 + chance() % 255);
    bytes[count] = 0;
    return bytes;
}

/* Often at the edges of what a number may be. */
static uint64_t number(void) {
    static const uint64_t edges[] = {0, 1, 511, 512, 4095, 4096, 1u << 20, INT32_MAX, INT64_MAX, UINT64_MAX};
    return chance() % 2 ? edges[chance() % (sizeof edges / sizeof *edges)] : chance() >> (chance() % 64);
}

static void constants(void) {
    CHECK(martlet_open_flag_direct() == O_DIRECT);
    CHECK(martlet_lzma_tell_unsupported_check() == LZMA_TELL_UNSUPPORTED_CHECK);
    CHECK(martlet_lzma_filter_lzma2() == LZMA_FILTER_LZMA2);
    CHECK(martlet_lzma_filter_end() == LZMA_VLI_UNKNOWN);
    CHECK(martlet_zstd_unknown_size() == ZSTD_CONTENTSIZE_UNKNOWN);
    z_stream stream = {0};
    CHECK(martlet_inflate_raw_init(&stream) == Z_OK);
    CHECK(inflateEnd(&stream) == Z_OK);
}

static void files(int directory) {
    int file = martlet_open_at(directory, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(file >= 0);
    struct stat status;
    CHECK(fstat(file, &status) == 0 && (status.st_mode & 0777) == 0600);
    char ones[8192];
    memset(ones, 1, sizeof ones);
    CHECK(pwrite(file, ones, sizeof ones, 0) == sizeof ones);
    if (martlet_punch_hole(file, 4096, 4096) == 0) {
        CHECK(pread(file, ones, sizeof ones, 0) == sizeof ones);
        CHECK(ones[4095] == 1 && ones[4096] == 0 && ones[8191] == 0);
    }
    for (int i = 0; i < 2000; i++) {
        /* Only the file's own bytes: KEEP_SIZE keeps its size whatever is asked. */
        martlet_punch_hole(chance() % 4 ? file : -1, (int64_t)number(), (int64_t)number());
        CHECK(fstat(file, &status) == 0 && status.st_size == sizeof ones);
    }
    /* No block device: each says so, and leaves what it was given alone or filled. */
    uint64_t size = 7;
    int sector = 7;
    CHECK(martlet_block_device_size(file, &size) == -1 && errno == ENOTTY && size == 7);
    CHECK(martlet_block_device_sector_size(file, &sector) == -1 && errno == ENOTTY && sector == 7);
    CHECK(martlet_block_device_zero(file, number(), number()) == -1);
    CHECK(martlet_block_device_size(-1, &size) == -1 && errno == EBADF);
    close(file);
    for (int i = 0; i < 2000; i++) {
        char *name = text(chance() % 300);
        int found = martlet_open_at(chance() % 4 ? directory : -1, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
        if (found >= 0) close(found);
        free(name);
    }
}

static void processes(void) {
    int own = martlet_process_descriptor(getpid());
    CHECK(own >= 0 || errno == ENOSYS || errno == EPERM);
    if (own >= 0) close(own);
    CHECK(martlet_process_descriptor(-1) == -1);
    int reading, writing;
    char byte = 0;
    CHECK(martlet_pipe(&reading, &writing) == 0);
    CHECK(write(writing, "x", 1) == 1 && read(reading, &byte, 1) == 1 && byte == 'x');
    CHECK((fcntl(reading, F_GETFD) & FD_CLOEXEC) && (fcntl(writing, F_GETFD) & FD_CLOEXEC));
    close(reading);
    close(writing);
}

/* What is no kernel is refused, as is whoever may not load one: nothing is loaded, and what is loaded stays. */
static void kernels(void) {
    for (int i = 0; i < 200; i++) {
        char *label = text(chance() % 250);
        int kernel = martlet_memory_file(label);
        CHECK(kernel >= 0 || strlen(label) > 200);
        size_t count = chance() % 70000;
        char *junk = text(count);
        if (kernel >= 0) CHECK(write(kernel, junk, count) == (ssize_t)count);
        char *line = text(chance() % 4096);
        CHECK(martlet_kexec_file_load(chance() % 4 ? kernel : -1, chance() % 2 ? kernel : -1, line) == -1);
        if (kernel >= 0) close(kernel);
        free(line);
        free(junk);
        free(label);
    }
}

static void memory(void) {
    martlet_keep_memory_small();
    for (int i = 0; i < 20; i++) {
        size_t count = 1 + chance() % (4 << 20);
        char *piece = text(count);
        martlet_give_program_pages_back();
        martlet_give_memory_back();
        CHECK(strlen(piece) == count);
        free(piece);
    }
    CHECK(strcmp(ZSTD_getErrorName(0), "No error detected") == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    int directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(directory >= 0);
    state = strtoull(argv[2], 0, 10);
    constants();
    files(directory);
    processes();
    kernels();
    memory();
    close(directory);
    return 0;
}
