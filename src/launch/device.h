/* SPDX-License-Identifier: Apache-2.0
 * device.h: the launcher's side of the emulator. */
#ifndef CELLA_LAUNCH_DEVICE_H
#define CELLA_LAUNCH_DEVICE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct launch_options;
struct launch_thread;
struct kernel_context;

/* Starts the emulator.  Once, before the program. */
int device_start(const struct launch_options *options, struct err *e) MUST_USE;

/* A fault of the program.  True when the emulator dealt with it: an ENCLU instruction, or a fault
 * inside an enclave that the program is not to hear of. */
bool device_fault(struct launch_thread *t, struct kernel_context *c, siginfo_t *info, uint64_t *fs);

/* A trapped system call.  True when it came from inside an enclave, where it is #UD. */
bool device_syscall(struct launch_thread *t, struct kernel_context *c, siginfo_t *info,
                    uint64_t *fs);

/* Before a signal is delivered: a context inside an enclave is left by an AEX. */
void device_leave_enclave(struct launch_thread *t, struct kernel_context *c, uint64_t *fs);

/* A thread begins and ends, on its own block and FS base; a child of fork goes on. */
void device_thread_begin(struct launch_thread *t);
void device_thread_end(struct launch_thread *t);
void device_forked(struct launch_thread *t);

/* What __vdso_sgx_enter_enclave jumps to. */
uint64_t device_enter_address(void);

/* open(2) of one of the devices: a descriptor or a negative errno. */
long device_open(bool is_enclave, int flags);

enum device_kind { DEVICE_NONE, DEVICE_ENCLAVE, DEVICE_PROVISION };
enum device_kind device_of(int fd);

#endif
