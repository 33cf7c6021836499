/* SPDX-License-Identifier: Apache-2.0
 * lock.c: the slow ways of lock.h.  A mutex is handed to whoever comes first after its release; a
 * waiter that was woken in vain queues again. */
#include "libos/lib/lock.h"

#include "libos/task/thread_raw.h"
#include "platform/platform.h"

enum { SPINS_BEFORE_YIELD = 100 };

struct mutex_waiter {
    struct list node;
    struct platform_thread *thread;
    uint32_t woken;
};

void spin_wait(struct spinlock *lock)
{
    do {
        for (unsigned n = 0; __atomic_load_n(&lock->held, __ATOMIC_RELAXED); n++) {
            cpu_relax();
            if (n % SPINS_BEFORE_YIELD == SPINS_BEFORE_YIELD - 1)
                platform_yield();
        }
    } while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE));
}

void mutex_init(struct mutex *m)
{
    *m = (struct mutex){0};
    list_init(&m->waiters);
}

void mutex_lock_slow(struct mutex *m)
{
    struct mutex_waiter self = {.thread = thread_self()};
    bool token = false;
    for (;;) {
        spin_lock(&m->lock);
        if (__atomic_exchange_n(&m->state, 2, __ATOMIC_ACQUIRE) == 0) {
            if (list_empty(&m->waiters))
                __atomic_store_n(&m->state, 1, __ATOMIC_RELAXED);
            spin_unlock(&m->lock);
            break;
        }
        self.woken = 0;
        list_add(&m->waiters, &self.node);
        spin_unlock(&m->lock);
        while (!__atomic_load_n(&self.woken, __ATOMIC_ACQUIRE)) {
            ignore(platform_park(-1));
            token = true;
        }
    }
    if (token) /* it may have been meant for whoever took the mutex */
        platform_unpark(self.thread);
}

void mutex_unlock_slow(struct mutex *m)
{
    spin_lock(&m->lock);
    __atomic_store_n(&m->state, 0, __ATOMIC_RELEASE);
    struct platform_thread *thread = NULL;
    if (!list_empty(&m->waiters)) {
        struct mutex_waiter *w = container_of(m->waiters.next, struct mutex_waiter, node);
        list_del(&w->node);
        thread = w->thread;
        __atomic_store_n(&w->woken, 1, __ATOMIC_RELEASE);
    }
    spin_unlock(&m->lock);
    if (thread)
        platform_unpark(thread);
}
