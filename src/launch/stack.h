/* SPDX-License-Identifier: Apache-2.0
 * stack.h: the first stack of a program: argc, argv, envp, auxv.  [x86-64 psABI 3.4.1] */
#ifndef CELLA_LAUNCH_STACK_H
#define CELLA_LAUNCH_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct stack_plan {
    int argc;
    char **argv;
    char **envp;
    uint64_t phdrs, phdr_count, entry, base, vdso;
    const char *execfn;
    bool is_exec; /* the stack is executable */
};

struct stack_made {
    uint64_t sp; /* where the program's stack pointer starts */
    const uint64_t *auxv;
    size_t auxv_size; /* bytes */
};

/* Builds it on the kernel's own stack, below the caller's frame, so that it still grows and is
 * what /proc/self/maps calls the stack. */
int stack_build(struct stack_made *made, const struct stack_plan *plan, struct err *e) MUST_USE;

#endif
