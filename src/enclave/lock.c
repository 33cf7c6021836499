/* SPDX-License-Identifier: Apache-2.0
 * lock.c: see lock.h. */
#include "enclave/lock.h"

#include "enclave/arena.h"
#include "enclave/gate.h"
#include "enclave/hostmem.h"

enum { SPINS = 100, NAP_NS = 50000 };
enum { CLOSED, WAITED_FOR, OPEN };

/* Sleeps a little; all that matters is that another thread gets the processor. */
static void nap(void)
{
    size_t mark = arena_mark();
    host_ptr word;
    const uint64_t zero = 0;
    if (!arena_take(sizeof zero, &word) && !host_write(word, &zero, sizeof zero))
        ignore(gate_wait(word, 0, NAP_NS));
    arena_release(mark);
}

void lock_take(struct lock *l)
{
    for (int i = 1; atomic_exchange_explicit(&l->taken, 1, memory_order_acquire); i++) {
        if (i % SPINS)
            __builtin_ia32_pause();
        else
            nap();
    }
}

void lock_give(struct lock *l)
{
    atomic_store_explicit(&l->taken, 0, memory_order_release);
}

/* The word in host memory is 0 while the gate is closed.  WAITED_FOR comes after writing it, so
 * that whoever opens the gate finds the word and changes it before waking. */
void parking_wait(struct parking *p)
{
    host_ptr word = arena_parking();
    const uint64_t zero = 0;
    unsigned closed = CLOSED;
    bool sleeps = !host_write(word, &zero, sizeof zero);
    atomic_store(&p->word, word.addr);
    atomic_compare_exchange_strong(&p->state, &closed, WAITED_FOR);
    while (atomic_load(&p->state) != OPEN) {
        if (!sleeps || gate_wait(word, 0, -1))
            nap();
    }
}

/* Once the state is OPEN the waiter may free `p`, so that is the last access. */
void parking_open(struct parking *p)
{
    const uint64_t one = 1;
    unsigned state = CLOSED;
    if (atomic_compare_exchange_strong(&p->state, &state, OPEN))
        return;
    host_ptr word = {atomic_load(&p->word)};
    atomic_store(&p->state, OPEN);
    if (!host_write(word, &one, sizeof one))
        ignore(gate_wake(word, 1));
}
