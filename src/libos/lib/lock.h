/* SPDX-License-Identifier: Apache-2.0
 * lock.h: the kernel's locks.
 * A spin lock guards a few dozen instructions and never a call into the platform that may block; a
 * mutex may be held over host I/O.  Neither is recursive.  Lock order: README.md. */
#ifndef CELLA_LIBOS_LIB_LOCK_H
#define CELLA_LIBOS_LIB_LOCK_H

#include <stdint.h>

#include "libos/lib/list.h"

struct spinlock {
    uint32_t held;
};

void spin_wait(struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
{
    if (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
        spin_wait(lock);
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

struct mutex {
    uint32_t state; /* 0 free, 1 held, 2 held and somebody waits */
    struct spinlock lock;
    struct list waiters; /* guarded by lock */
};

void mutex_init(struct mutex *m);
void mutex_lock_slow(struct mutex *m);
void mutex_unlock_slow(struct mutex *m);

static inline void mutex_lock(struct mutex *m)
{
    uint32_t free = 0;
    if (!__atomic_compare_exchange_n(&m->state, &free, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        mutex_lock_slow(m);
}

static inline void mutex_unlock(struct mutex *m)
{
    uint32_t held = 1;
    if (!__atomic_compare_exchange_n(&m->state, &held, 0, false, __ATOMIC_RELEASE,
                                     __ATOMIC_RELAXED))
        mutex_unlock_slow(m);
}

#endif
