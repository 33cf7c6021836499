/* SPDX-License-Identifier: Apache-2.0
 * begin.h: what entry.S calls, and what registers go back with. */
#ifndef CELLA_ENCLAVE_BEGIN_H
#define CELLA_ENCLAVE_BEGIN_H

#include <stdbool.h>

#include "base/err.h"
#include "enclave/thread.h"
#include "sgx/arch.h"

struct leave {    /* in RAX and RDX, as the ABI returns two words */
    uint64_t rdi; /* GATE_LEAVE_* */
    uint64_t rsi;
};

/* The first entry of a TCS, on a new stack. */
struct leave enclave_begin(uint64_t kind, uint64_t boot, struct thread *t, uint64_t base);

/* Stage 1 of an exception: CSSA is 1, on the exception stack. */
struct leave exception_stage1(struct thread *t, uint64_t kind);

/* How a program takes over what the runtime does otherwise.  All NULL by default. */
struct enclave_hooks {
    /* The runtime's own heap; by default all of the layout's. */
    void (*heap)(const struct thread *t, void **start, size_t *size);
    /* The first entry of a further TCS, instead of start_thread()'s queue: false when none is
     * wanted; it ends by enclave_thread_done() and does not return otherwise. */
    bool (*thread)(struct thread *t);
    /* An exception (or, for GATE_ENTER_KICK, only a look around), instead of stage 2, on the
     * exception stack: edits `g`, which ERESUME loads; all other state stays.  False: it is fatal.
     */
    bool (*trap)(struct thread *t, struct sgx_gpr *g, uint64_t kind);
};

/* A program that has hooks defines this; it is asked before the heap exists. */
extern const struct enclave_hooks enclave_hooks;

/* Leaves for good (entry.S): the TCS is free for a new GATE_ENTER_THREAD. */
void enclave_thread_done(void) __attribute__((noreturn));

/* Applies the image's relocations; before it nothing may use a pointer from initialised data. False
 * when there is one that is not R_X86_64_RELATIVE or lies outside the image. */
bool relocate(uint64_t image, uint64_t image_size) MUST_USE;

#endif
