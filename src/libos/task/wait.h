/* SPDX-License-Identifier: Apache-2.0
 * wait.h: waiting for something inside the kernel.
 *     struct waiter w;
 *     wait_begin(&q, &w);
 *     while (!condition && !(rc = wait_sleep(t, deadline))) { }
 *     wait_end(&q, &w);
 * A wake between the check and the sleep is not lost: it leaves the thread's token. */
#ifndef CELLA_LIBOS_TASK_WAIT_H
#define CELLA_LIBOS_TASK_WAIT_H

#include "libos/lib/list.h"
#include "libos/lib/lock.h"
#include "libos/task/task.h"

struct waiter {
    struct list node;
    struct platform_thread *thread;
    /* Called instead of waking the thread, with the queue's lock held; epoll's. */
    void (*call)(struct waiter *w, uint32_t events);
};

struct waitq {
    struct spinlock lock;
    struct list waiters; /* guarded by lock */
};

enum { NO_DEADLINE = -1 };

void waitq_init(struct waitq *q);
void wait_begin(struct waitq *q, struct waiter *w);
void wait_end(struct waitq *q, struct waiter *w);
/* Wakes all; `events` are the poll bits that may have come true. */
void waitq_wake(struct waitq *q, uint32_t events);
/* Sleeps until woken (0, also for no reason), -ETIMEDOUT at `deadline` (monotonic ns, or
 * NO_DEADLINE), -ERESTARTSYS when a signal wants in. */
int wait_sleep(struct task *t, int64_t deadline) MUST_USE;

#endif
