#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/kexec.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int martlet_memory_file(const char *label) { return memfd_create(label, MFD_CLOEXEC); }

int martlet_kexec_file_load(int kernel, int initial_ram_disk, const char *command_line) {
    unsigned long flags = initial_ram_disk < 0 ? KEXEC_FILE_NO_INITRAMFS : 0;
    /* The length counts the byte that ends the text. */
    return (int)syscall(
        SYS_kexec_file_load, kernel, initial_ram_disk, strlen(command_line) + 1, command_line, flags);
}

int martlet_kexec_unload(void) {
    return (int)syscall(SYS_kexec_file_load, -1, -1, 0UL, (const char *)0, (unsigned long)KEXEC_FILE_UNLOAD);
}
