/* Constants and calls of Linux that Swift cannot import: macros with casts, variadic functions. No logic. */
#ifndef MARTLET_CLINUX_H
#define MARTLET_CLINUX_H

#include <stdint.h>
#include <sys/types.h>

/* O_DIRECT, whose value depends on the architecture. */
int martlet_open_flag_direct(void);

/* ioctl(BLKGETSIZE64): the bytes of a block device. 0, or -1 with errno. */
int martlet_block_device_size(int descriptor, uint64_t *bytes);

/* ioctl(BLKSSZGET): the bytes of a logical sector. 0, or -1 with errno. */
int martlet_block_device_sector_size(int descriptor, int *bytes);

/* ioctl(BLKZEROOUT): makes a range of a block device read as zeros. 0, or -1 with errno. */
int martlet_block_device_zero(int descriptor, uint64_t offset, uint64_t count);

/* fallocate(PUNCH_HOLE | KEEP_SIZE): makes a range of a file read as zeros. 0, or -1 with errno. */
int martlet_punch_hole(int descriptor, int64_t offset, int64_t count);

/* pidfd_open(2): a descriptor that becomes readable when the process ends. -1 with errno. */
int martlet_process_descriptor(pid_t process);

/* pipe2(O_CLOEXEC): reading end, writing end. 0, or -1 with errno. */
int martlet_pipe(int *reading, int *writing);

/* openat(2) with fixed arguments. */
int martlet_open_at(int directory, const char *path, int flags, mode_t mode);

/* memfd_create(MFD_CLOEXEC): a file in memory. -1 with errno. */
int martlet_memory_file(const char *label);

/* kexec_file_load(2): a kernel for the next kexec; an initial RAM disk of -1 is none. 0, or -1 with errno. */
int martlet_kexec_file_load(int kernel, int initial_ram_disk, const char *command_line);

/* kexec_file_load(KEXEC_FILE_UNLOAD). 0, or -1 with errno. */
int martlet_kexec_unload(void);

/* mallopt(3): large pieces of memory go back to the system as soon as they are free, and there are few heaps. */
void martlet_keep_memory_small(void);

/* madvise(MADV_DONTNEED) over all that is only read of the program's file and of its libraries: what is still needed comes
   back from the system's cache when it is touched. */
void martlet_give_program_pages_back(void);

/* malloc_trim(3): what is free goes back to the system. */
void martlet_give_memory_back(void);

#endif
