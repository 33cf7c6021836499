/* SPDX-License-Identifier: Apache-2.0
 * lock.h: mutual exclusion and waiting.  The state lives inside; the host only helps threads sleep,
 * and if it does not, they spin. */
#ifndef CELLA_ENCLAVE_LOCK_H
#define CELLA_ENCLAVE_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

/* For short sections without host calls.  Zero is free. */
struct lock {
    atomic_uint taken;
};

void lock_take(struct lock *l);
void lock_give(struct lock *l);

/* A gate that one thread waits for and another opens, once.  Zero is closed. */
struct parking {
    atomic_uint state;
    atomic_ulong word; /* in host memory, of the thread that waits */
};

void parking_wait(struct parking *p);
void parking_open(struct parking *p);

#endif
