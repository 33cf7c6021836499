/* SPDX-License-Identifier: Apache-2.0
 * direct.h: what the parts of this back end share. */
#ifndef CELLA_DIRECT_DIRECT_H
#define CELLA_DIRECT_DIRECT_H

#include <time.h>

#include "base/err.h"
#include "platform/platform.h"

/* FRAME_ROOM: the register frame at the top of a kernel stack, and some. */
enum { ALT_STACK_SIZE = 65536, KICK_SIGNAL = 62, FRAME_ROOM = 512 };

/* A host thread: its block, alternate stack and kernel stack are one mapping, and are reused. */
struct host_thread {
    struct platform_thread block;
    uint32_t token;   /* 1: park and blocking calls return */
    uint32_t parked;  /* in a futex wait on token */
    uint32_t in_call; /* in host_blocking() */
    uint32_t started; /* futex: a new run is there */
    long host_tid;
    void (*run)(void *);
    void *arg;
    struct host_thread *next_idle;
    uint8_t *alt_stack;
};

extern struct platform_info g_info;
extern int (*g_vdso_clock)(clockid_t clock, struct timespec *out);
extern int g_exit_report; /* descriptor for the last words */

extern uint64_t g_outside_mask; /* the signals that come from outside */

/* Reserves the application's range and finds out what the CPU has. */
int direct_init(uint64_t memory_size, uint32_t thread_max, struct err *e) MUST_USE;
/* A thread block with its stacks; NULL without memory. */
struct host_thread *host_thread_new(void);
/* Makes the calling host thread `th`: GS, alternate stack, syscall dispatch. */
int host_thread_adopt(struct host_thread *th) MUST_USE;
struct host_thread *host_thread_self(void);
/* Signal handlers of the process; `outside` is the set of signals to hand on (bit n - 1). */
int direct_signals(uint64_t outside, struct err *e) MUST_USE;

#endif
