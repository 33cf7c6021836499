/* SPDX-License-Identifier: Apache-2.0
 * emu.h: SGX in software, seen from outside: the face that Linux gives a program that uses
 * /dev/sgx_enclave. Every call behaves as the system call of its name would on that device, the
 * errors included, but returns a negative errno instead of setting errno.  [Linux
 * Documentation/arch/x86/sgx.rst, uapi asm/sgx.h]
 *
 * There is one emulated CPU package in a process.  All calls may be made from any thread; none may
 * be made from inside an enclave. */
#ifndef CELLA_EMU_EMU_H
#define CELLA_EMU_EMU_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sgx_enclave_run; /* asm/sgx.h */

/* How ENCLU instructions are carried out. */
enum emu_mode {
    EMU_TRAP, /* every ENCLU traps: the conformance mode */
    EMU_FAST, /* known ENCLU sites of an initialised enclave become jumps */
};

/* How a `syscall` inside an enclave is made to look like #UD. */
enum emu_guard {
    EMU_GUARD_AUTO,
    EMU_GUARD_SUD_LOW, /* Syscall User Dispatch, enclave range at the bottom of the address space */
    EMU_GUARD_SUD_INCLUSIVE, /* Syscall User Dispatch on the enclave range, Linux 6.17 and later */
    EMU_GUARD_SECCOMP,       /* seccomp filter on the instruction pointer */
    EMU_GUARD_LAUNCHER,      /* sgx-emu itself catches every system call outside its own image */
};

struct emu_options {
    enum emu_mode mode;
    enum emu_guard guard;
    uint64_t epc_size;       /* bytes of EPC in the package; 0 means 64 GiB */
    const char *secret_path; /* file with the CPU's secret, made when missing; NULL:
                                $XDG_STATE_HOME/cella/cpu-secret */
    bool verbose;            /* says on stderr what was chosen and why */
};

/* Sets the package up.  Call once, before anything else and before other threads exist. */
int emu_start(const struct emu_options *options, struct err *e) MUST_USE;

/* open("/dev/sgx_enclave") and open("/dev/sgx_provision"): a descriptor that emu_close() or
 * close(2) ends. */
int emu_open_enclave(int flags) MUST_USE;
int emu_open_provision(int flags) MUST_USE;
bool emu_owns(int fd); /* true for descriptors of the two calls above */
int emu_close(int fd);
int emu_ioctl(int fd, unsigned long request, void *arg) MUST_USE;

/* mmap(2) of an enclave descriptor; munmap and mprotect of ranges that emu_mmap() gave.  A range
 * that has nothing to do with an enclave goes to the kernel unchanged. */
intptr_t emu_mmap(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset) MUST_USE;
int emu_munmap(uintptr_t addr, size_t size) MUST_USE;
int emu_mprotect(uintptr_t addr, size_t size, int prot) MUST_USE;

/* __vdso_sgx_enter_enclave, with its exact contract. */
int emu_enter(unsigned long rdi, unsigned long rsi, unsigned long rdx, unsigned int function,
              unsigned long r8, unsigned long r9, struct sgx_enclave_run *run);

/* sigaction(2), so that a handler of the host sees a signal that arrives inside an enclave as it
 * would on hardware: after an AEX, with RIP at the AEP.  Host programs use this instead of
 * sigaction once emu_start() was called. */
int emu_sigaction(int signal, const struct sigaction *action, struct sigaction *old) MUST_USE;

#endif
