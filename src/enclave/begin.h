/* SPDX-License-Identifier: Apache-2.0
 * begin.h: what entry.S calls, and what registers go back with. */
#ifndef CELLA_ENCLAVE_BEGIN_H
#define CELLA_ENCLAVE_BEGIN_H

#include <stdbool.h>

#include "base/err.h"
#include "enclave/thread.h"

struct leave {    /* in RAX and RDX, as the ABI returns two words */
    uint64_t rdi; /* GATE_LEAVE_* */
    uint64_t rsi;
};

/* The first entry of a TCS, on a new stack. */
struct leave enclave_begin(uint64_t kind, uint64_t boot, struct thread *t, uint64_t base);

/* Stage 1 of an exception: CSSA is 1, on the exception stack. */
struct leave exception_stage1(struct thread *t);

/* Applies the image's relocations; before it nothing may use a pointer from initialised data. False
 * when there is one that is not R_X86_64_RELATIVE or lies outside the image. */
bool relocate(uint64_t image, uint64_t image_size) MUST_USE;

#endif
