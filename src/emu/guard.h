/* SPDX-License-Identifier: Apache-2.0
 * guard.h: makes a system call inside an enclave look like #UD, and CPUID where the machine can.
 *
 * The order of preference for an enclave: Syscall User Dispatch with everything above the enclave
 * allowed (Linux 5.11; the enclave must lie lowest in the address space), Syscall User Dispatch on
 * the enclave's range (Linux 6.17), a seccomp filter on the instruction pointer.  The kernel raises
 * SIGSYS with RIP behind the instruction; RCX and R11 are lost by then, which a real #UD keeps. */
#ifndef CELLA_EMU_GUARD_H
#define CELLA_EMU_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct emu_enclave;
struct emu_options;
struct emu_thread;
struct emu_trap;

enum { ENCLU_SIZE = 3, SYSCALL_SIZE = 2, CPUID_SIZE = 2 };

/* Finds out what this kernel has.  -ENOTSUP when the guard that was asked for is missing. */
int guard_start(const struct emu_options *options, struct err *e) MUST_USE;

/* Arms the guard for the calling thread before it enters `enclave`.  Ends the process with a
 * sentence when the kernel refuses, which guard_start() would have found out. */
void guard_arm(struct emu_thread *thread, const struct emu_enclave *enclave);

/* True for a SIGSYS that a guard raised. */
bool guard_caught(const struct emu_trap *trap);

/* Library mode: does the system call of host code that happens to lie where an enclave was. */
void guard_pass(struct emu_trap *trap);

/* Library mode, on machines whose CPUID can be made to fault: carries out a CPUID of the host.
 * False when the trap is something else. */
bool guard_cpuid(struct emu_trap *trap);

#endif
