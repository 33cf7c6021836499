/* SPDX-License-Identifier: Apache-2.0
 * wait.c: see wait.h. */
#include "libos/task/wait.h"

#include <asm/errno.h>

void waitq_init(struct waitq *q)
{
    *q = (struct waitq){0};
    list_init(&q->waiters);
}

void wait_begin(struct waitq *q, struct waiter *w)
{
    w->thread = thread_self();
    w->call = NULL;
    spin_lock(&q->lock);
    list_add(&q->waiters, &w->node);
    spin_unlock(&q->lock);
}

void wait_end(struct waitq *q, struct waiter *w)
{
    spin_lock(&q->lock);
    list_del(&w->node);
    spin_unlock(&q->lock);
}

void waitq_wake(struct waitq *q, uint32_t events)
{
    if (list_empty(&q->waiters))
        return;
    spin_lock(&q->lock);
    list_each(node, &q->waiters)
    {
        struct waiter *w = container_of(node, struct waiter, node);
        if (w->call)
            w->call(w, events);
        else
            platform_unpark(w->thread);
    }
    spin_unlock(&q->lock);
}

int wait_sleep(struct task *t, int64_t deadline)
{
    if (task_interrupted(t))
        return -ERESTARTSYS;
    int64_t left = -1;
    if (deadline != NO_DEADLINE) {
        left = deadline - platform_clock(PLATFORM_MONOTONIC);
        if (left <= 0)
            return -ETIMEDOUT;
    }
    ignore(platform_park(left));
    return task_interrupted(t) ? -ERESTARTSYS : 0;
}
