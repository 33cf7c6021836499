/* SPDX-License-Identifier: Apache-2.0
 * context.h: the user context of a signal frame as the kernel lays it out.  [Linux uapi
 * asm/ucontext.h, asm/sigcontext.h] */
#ifndef CELLA_LAUNCH_CONTEXT_H
#define CELLA_LAUNCH_CONTEXT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launch/layout.h"

struct launch_thread;

struct kernel_context {
    uint64_t flags;
    uint64_t link;
    stack_t stack;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2;
    uint64_t fpstate; /* address of an XSAVE area of fpstate_size() bytes, or 0 */
    uint64_t reserved[8];
    uint64_t sigmask;
};

_Static_assert(offsetof(struct kernel_context, rsp) == UC_RSP, "layout.h");
_Static_assert(offsetof(struct kernel_context, sigmask) == 296, "struct ucontext");
_Static_assert(sizeof(struct kernel_context) == 304, "struct ucontext");

/* A copy of `context` and its XSAVE area just below `top`, with nothing shared; NULL when `room`
 * bytes are too few. */
struct kernel_context *frame_copy(const struct kernel_context *context, uint64_t top, size_t room);

/* True when the address lies on the signal stack that the program has set. */
bool on_program_signal_stack(const struct launch_thread *t, uint64_t rsp);

#endif
