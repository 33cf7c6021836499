/* SPDX-License-Identifier: Apache-2.0
 * signal.h: signals from their sender to the handler.  [signal(7)]
 * `signals.lock` guards the actions and every set and queue of pending signals.  A thread looks at
 * its signals when thread->event is set, on its way back to the application. */
#ifndef CELLA_LIBOS_SIGNAL_SIGNAL_H
#define CELLA_LIBOS_SIGNAL_SIGNAL_H

#include <asm/siginfo.h>

#include "base/err.h"
#include "base/world.h"
#include "libos/lib/list.h"
#include "libos/lib/lock.h"

struct process;
struct task;

enum { SIGNAL_COUNT = 64 };

/* The application's struct sigaction, as rt_sigaction passes it. */
struct action {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

struct pending {
    uint64_t set;
    struct list queue; /* of struct queued */
};

struct signals {
    struct spinlock lock;
    struct action actions[SIGNAL_COUNT]; /* [n - 1] */
    struct pending shared;               /* for any thread */
};

struct altstack {
    uint64_t sp, size;
    uint32_t flags; /* SS_DISABLE or SS_AUTODISARM */
};

static inline uint64_t signal_bit(int n)
{
    return (uint64_t)1 << (n - 1);
}

void signals_init(struct signals *s);
void pending_init(struct pending *p);
/* To any thread of the process, or to one.  `info` NULL: from the kernel. */
int signal_send(struct process *p, int n, const siginfo_t *info);
int signal_send_task(struct task *t, int n, const siginfo_t *info);
/* A fault of the thread itself: cannot be blocked or ignored. */
void signal_force(struct task *t, int n, const siginfo_t *info);
/* Takes signals from outside the enclave and sends them on. */
void signal_take_outside(struct process *p);
/* True when one is pending for `t` that it does not block. */
bool signal_default_ignored(int n);
bool signal_is_pending(struct task *t);
/* Takes the next of `set`; its number, or 0. */
int signal_take(struct task *t, uint64_t set, siginfo_t *info);
void signal_set_blocked(struct task *t, uint64_t blocked);
/* exec: handlers go back to default; what is ignored stays so. */
void signals_exec(struct task *t);
void pending_clear(struct pending *p);
/* Before the way back to the application: runs what is pending. */
void signal_deliver(struct task *t);
/* frame.c: puts the frame for a handler onto the application's stack; -EFAULT. */
int frame_push(struct task *t, int n, const siginfo_t *info, const struct action *action) MUST_USE;
/* rt_sigreturn */
int frame_pop(struct task *t) MUST_USE;

#endif
