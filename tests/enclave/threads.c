/* SPDX-License-Identifier: Apache-2.0
 * threads.c: many TCSs at once, each with host calls, heap, exceptions and its own registers. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "enclave/exception.h"
#include "enclave/gate.h"
#include "enclave/heap.h"
#include "enclave/start.h"
#include "enclave/thread.h"
#include "exercise.h"
#include "faults.h"

enum { MOST = 256 };

struct worker {
    struct start *start;
    long rounds;
    long faults;
    bool good;
};

static atomic_long g_running;
static atomic_long g_peak;

static bool skip_fault(struct exception_context *c)
{
    c->rip = fault_next(c->rip);
    return true;
}

static bool one_round(long i)
{
    uint8_t *p = heap_new(64 + (size_t)i % 1000);
    if (!p)
        return false;
    memset(p, (int)i, 64);
    struct timespec now;
    bool good = gate_nothing() == 0 && gate_clock(CLOCK_MONOTONIC, &now) == 0;
    good = good && fault_with_registers(i % 4 ? fault_nothing : fault_ud, 0) == 0;
    good = good && p[63] == (uint8_t)i;
    heap_drop(p);
    return good;
}

static void work(void *argument)
{
    struct worker *w = argument;
    long running = atomic_fetch_add(&g_running, 1) + 1;
    long peak = atomic_load(&g_peak);
    while (running > peak && !atomic_compare_exchange_weak(&g_peak, &peak, running))
        ;
    w->good = true;
    for (long i = 0; i < w->rounds && w->good; i++)
        w->good = one_round(i);
    atomic_fetch_sub(&g_running, 1);
}

/* THREADS ROUNDS: that many beside the first one, twice, so that TCSs are used again. */
int exercise_threads(int argc, char **argv)
{
    static struct worker workers[MOST];
    long count = argument_number(argc, argv, 0, 8);
    long rounds = argument_number(argc, argv, 1, 100);
    CHECK(count <= MOST);
    exception_handle(skip_fault);
    for (int again = 0; again < 2; again++) {
        for (long i = 0; i < count; i++) {
            workers[i] = (struct worker){.rounds = rounds};
            CHECK(start_thread(work, &workers[i], &workers[i].start) == 0);
        }
        for (long i = 0; i < count; i++) {
            start_join(workers[i].start);
            CHECK(workers[i].good);
        }
    }
    say(1, "ok, at most %ld at once", atomic_load(&g_peak));
    return 0;
}

static atomic_bool g_release;

static void wait_for_release(void *argument)
{
    (void)argument;
    while (!atomic_load(&g_release))
        if (gate_nothing())
            return;
}

/* All TCSs taken: one more is refused; after that it works again. */
int exercise_crowd(int argc, char **argv)
{
    (void)argc, (void)argv;
    static struct start *starts[MOST];
    uint32_t room = thread_layout(thread_current())->thread_count - 1;
    CHECK(room <= MOST - 1);
    for (uint32_t i = 0; i < room; i++)
        CHECK(start_thread(wait_for_release, NULL, &starts[i]) == 0);
    CHECK(start_thread(wait_for_release, NULL, &starts[room]) == -EAGAIN);
    atomic_store(&g_release, true);
    for (uint32_t i = 0; i < room; i++)
        start_join(starts[i]);
    CHECK(room == 0 || start_thread(wait_for_release, NULL, &starts[0]) == 0);
    if (room > 0)
        start_join(starts[0]);
    say(1, "ok");
    return 0;
}
