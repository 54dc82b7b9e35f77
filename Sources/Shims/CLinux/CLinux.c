#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int martlet_open_flag_direct(void) { return O_DIRECT; }

int martlet_block_device_size(int descriptor, uint64_t *bytes) { return ioctl(descriptor, BLKGETSIZE64, bytes); }

int martlet_block_device_sector_size(int descriptor, int *bytes) { return ioctl(descriptor, BLKSSZGET, bytes); }

int martlet_block_device_zero(int descriptor, uint64_t offset, uint64_t count) {
    uint64_t range[2] = {offset, count};
    return ioctl(descriptor, BLKZEROOUT, range);
}

int martlet_punch_hole(int descriptor, int64_t offset, int64_t count) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

int martlet_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int martlet_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int martlet_open_at(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags, mode);
}
