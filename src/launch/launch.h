/* SPDX-License-Identifier: Apache-2.0
 * launch.h: what was asked for on the command line, and what came of it. */
#ifndef CELLA_LAUNCH_LAUNCH_H
#define CELLA_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

/* How the program's system calls are caught. */
enum launch_guard {
    LAUNCH_GUARD_AUTO,
    LAUNCH_GUARD_SUD,     /* Syscall User Dispatch, Linux 5.11 and later */
    LAUNCH_GUARD_SECCOMP, /* a filter on the instruction pointer */
};

struct launch_options {
    bool fast; /* --mode fast */
    bool verbose;
    bool plain_cpuid; /* --cpuid real */
    enum launch_guard guard;
    uint64_t epc_size;    /* bytes; 0: the emulator's default */
    const char *secret;   /* --secret: file of the CPU's secret; NULL: the emulator's choice */
    const char *argv0;    /* --argv0: instead of the program's path */
    const char *execfn;   /* --execfn: AT_EXECFN, when it is not the program's path */
    int program_fd;       /* --program-fd: the program is this descriptor, to be closed; -1: none */
    bool guard_inherited; /* --guard-inherited: the seccomp filter is already there */
};

/* The running program; set once before it starts. */
struct launch_program {
    struct launch_options options;
    enum launch_guard guard; /* what is in use */
    bool catches_cpuid;
    char path[4096];     /* absolute, what /proc/self/exe shows */
    char launcher[4096]; /* where sgx-emu itself lies */
};

extern struct launch_program g_program;

#endif
