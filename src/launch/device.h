/* SPDX-License-Identifier: Apache-2.0
 * device.h: the launcher's side of the emulator. */
#ifndef CELLA_LAUNCH_DEVICE_H
#define CELLA_LAUNCH_DEVICE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct launch_options;

/* Starts the emulator, once, before the program.  When it cannot, the program runs all the same,
 * and the devices cannot be opened. */
void device_start(const struct launch_options *options);

/* False when it could not be started. */
bool device_works(void);

/* What __vdso_sgx_enter_enclave jumps to. */
uint64_t device_enter_address(void);

/* False as long as the program has opened none of the devices. */
bool device_is_used(void);

/* As the system calls of these names do with the device: a result or a negative errno. */
long device_open(bool is_enclave, int flags);
bool device_owns(int fd);
long device_ioctl(int fd, unsigned long request, uint64_t arg);
long device_mmap(const long args[6]);
long device_munmap(uint64_t addr, size_t size);
long device_mprotect(uint64_t addr, size_t size, int prot);
bool device_has_enclave(uint64_t addr);

#endif
