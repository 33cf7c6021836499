/* SPDX-License-Identifier: Apache-2.0
 * start.c: see start.h.  Lock order: g_lock is taken alone. */
#include "enclave/start.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "enclave/gate.h"
#include "enclave/heap.h"
#include "enclave/lock.h"

struct start {
    start_fn fn;
    void *argument;
    struct start *next; /* guarded by g_lock */
    struct parking done;
};

static struct lock g_lock;
static struct start *g_first; /* guarded by g_lock, like all below */
static uint32_t g_used = 1;   /* threads that run or wait to run */
static uint32_t g_most;

void start_init(uint32_t thread_count)
{
    g_most = thread_count;
}

static bool queue(struct start *s)
{
    lock_take(&g_lock);
    bool room = g_used < g_most;
    if (room) {
        struct start **last = &g_first;
        while (*last)
            last = &(*last)->next;
        *last = s;
        g_used++;
    }
    lock_give(&g_lock);
    return room;
}

/* Takes `s` out again; false when some thread already has it. */
static bool unqueue(const struct start *s)
{
    lock_take(&g_lock);
    struct start **at = &g_first;
    while (*at && *at != s)
        at = &(*at)->next;
    bool found = *at;
    if (found) {
        *at = s->next;
        g_used--;
    }
    lock_give(&g_lock);
    return found;
}

int start_thread(start_fn fn, void *argument, struct start **out)
{
    struct start *s = heap_new(sizeof *s);
    if (!s)
        return -ENOMEM;
    *s = (struct start){.fn = fn, .argument = argument};
    if (!queue(s)) {
        heap_drop(s);
        return -EAGAIN;
    }
    int rc = gate_spawn();
    if (rc && unqueue(s)) { /* when a thread has it all the same, it runs, whatever the host says */
        heap_drop(s);
        return -EAGAIN;
    }
    *out = s;
    return 0;
}

bool start_run_next(void)
{
    lock_take(&g_lock);
    struct start *s = g_first;
    if (s)
        g_first = s->next;
    lock_give(&g_lock);
    if (!s)
        return false;
    s->fn(s->argument);
    lock_take(&g_lock);
    g_used--;
    lock_give(&g_lock);
    parking_open(&s->done);
    return true;
}

void start_join(struct start *s)
{
    parking_wait(&s->done);
    heap_drop(s);
}
