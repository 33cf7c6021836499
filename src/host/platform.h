/* SPDX-License-Identifier: Apache-2.0
 * platform.h: what runs enclaves on this machine, decided here and nowhere else: Linux's SGX device
 * and vDSO, or the emulator.  Whoever holds a struct host_platform calls it like the system calls
 * and cannot tell which it is. */
#ifndef CELLA_HOST_PLATFORM_H
#define CELLA_HOST_PLATFORM_H

#include <asm/sgx.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* All but `enter` return a negative errno where the system call would set errno. */
struct host_platform {
    char name[64]; /* for people: "/dev/sgx_enclave", "emulator, fast mode" */
    bool emulated;
    int (*open_enclave)(int flags);
    int (*open_provision)(int flags);
    int (*close)(int fd);
    int (*ioctl)(int fd, unsigned long request, void *arg);
    intptr_t (*mmap)(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset);
    int (*munmap)(uintptr_t addr, size_t size);
    int (*mprotect)(uintptr_t addr, size_t size, int prot);
    int (*sigaction)(int signal, const struct sigaction *action, struct sigaction *old);
    vdso_sgx_enter_enclave_t enter;
};

enum host_choice {
    HOST_AUTO, /* the device when there is one, else the emulator in fast mode */
    HOST_DEVICE,
    HOST_EMU_TRAP,
    HOST_EMU_FAST,
};

struct host_options {
    enum host_choice choice;
    uint64_t epc_size; /* emulator: bytes of EPC, 0 for its default */
    bool verbose;      /* says on stderr what was chosen and why */
};

/* Call once in a process, before it has other threads.  A device that is there but may not be
 * opened is -EACCES and never silently replaced by the emulator. */
int host_platform_find(struct host_platform *p, const struct host_options *o,
                       struct err *e) MUST_USE;

/* "trap", "fast", "off" (the device) to a choice; -EINVAL for another word. */
int host_choice_parse(enum host_choice *out, const char *word, struct err *e) MUST_USE;

#endif
