/* SPDX-License-Identifier: Apache-2.0
 * thread.c: threads from the pool of TCSs, parking, waking, interrupting.  The enclave chooses the
 * TCS, so the block of a new thread is known before the host has entered it. */
#include <errno.h>

#include "enclave/arena.h"
#include "enclave/hostmem.h"
#include "enclave_os/os.h"

static struct thread *g_first; /* of TCS 0; the others follow at g_stride */
static uint64_t g_stride, g_count;

static struct thread *thread_at(uint64_t index)
{
    return (struct thread *)(void *)((uint8_t *)g_first + index * g_stride);
}

static struct platform_thread *block_of(struct thread *t)
{
    return (struct platform_thread *)(void *)t->block;
}

static struct thread *thread_of(struct platform_thread *block)
{
    return (struct thread *)(void *)block;
}

static void block_init(struct thread *t)
{
    *block_of(t) = (struct platform_thread){
        .self = block_of(t),
        .kernel_stack_top = t->base + t->place.stack_high - (uint64_t)(2 * OS_PAGE),
    };
}

void os_threads_start(struct thread *t)
{
    const struct enclave_layout *l = thread_layout(t);
    g_stride = l->thread_stride;
    g_count = l->thread_count;
    g_first = (struct thread *)(void *)((uint8_t *)t - t->place.index * g_stride);
    for (uint64_t n = 0; n < g_count; n++) {
        struct thread *each = thread_at(n);
        if (!each->place.tcs)
            each->place = each->measured;
        each->base = t->base;
        block_init(each);
    }
    os_of(t)->job = OS_RUNNING;
    t->xsave = os_of(t)->xsave;
}

/* ---- the pool ---- */

bool os_thread_enter(struct thread *t)
{
    struct os_thread *os = os_of(t);
    uint32_t ready = OS_READY;
    if (!g_first || !__atomic_compare_exchange_n(&os->job, &ready, OS_RUNNING, false,
                                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    t->xsave = os->xsave;
    os_switch(block_of(t)->kernel_stack_top - OS_FRAME_ROOM, os->run, os->arg);
}

void platform_thread_exit(void)
{
    struct thread *t = thread_current();
    block_of(t)->task = NULL;
    t->xsave = NULL;
    __atomic_store_n(&os_of(t)->job, OS_IDLE, __ATOMIC_RELEASE);
    enclave_thread_done();
}

/* A TCS that nobody has, now OS_READY's owner's; NULL when all are taken. */
static struct thread *take_idle(void (*run)(void *), void *arg)
{
    enum { TAKEN = OS_RUNNING }; /* until everything is written */
    for (uint64_t n = 0; n < g_count; n++) {
        struct os_thread *os = os_of(thread_at(n));
        uint32_t idle = OS_IDLE;
        if (!__atomic_compare_exchange_n(&os->job, &idle, TAKEN, false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED))
            continue;
        os->run = run;
        os->arg = arg;
        os->token = 0;
        block_init(thread_at(n));
        return thread_at(n);
    }
    return NULL;
}

int platform_thread_create(struct platform_thread **out, void (*run)(void *), void *arg)
{
    struct thread *t = take_idle(run, arg);
    if (!t)
        return -EAGAIN;
    *out = block_of(t);
    struct gate_thread args = {.index = t->place.index};
    __atomic_store_n(&os_of(t)->job, OS_READY, __ATOMIC_RELEASE);
    int rc = host_status(OS_CALL(GATE_THREAD, args));
    uint32_t ready = OS_READY;
    /* When it runs all the same, it runs, whatever the host says. */
    if (rc && __atomic_compare_exchange_n(&os_of(t)->job, &ready, OS_IDLE, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED))
        return -EAGAIN;
    return 0;
}

/* ---- parking ---- */

int platform_park(int64_t timeout_ns)
{
    struct os_thread *self = os_self();
    const uint64_t zero = 0;
    int rc = 0;
    if (__atomic_exchange_n(&self->token, 0, __ATOMIC_SEQ_CST))
        return 0;
    ignore(host_write(arena_parking(), &zero, sizeof zero));
    __atomic_store_n(&self->parked, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&self->token, __ATOMIC_SEQ_CST)) {
        struct gate_wait args = {.word = arena_parking().addr, .timeout_ns = timeout_ns};
        if (OS_CALL(GATE_WAIT, args) == -ETIMEDOUT && timeout_ns >= 0)
            rc = -ETIMEDOUT;
    }
    __atomic_store_n(&self->parked, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&self->token, 0, __ATOMIC_SEQ_CST);
    return rc;
}

static void interrupt(const struct thread *t)
{
    struct gate_kick args = {.index = t->place.index};
    ignore(OS_CALL(GATE_KICK, args));
}

/* The first word of the arena is what its host side waits for; see arena.h. */
static void open_word(const struct thread *t)
{
    const uint64_t one = 1;
    ignore(host_write((host_ptr){t->arena}, &one, sizeof one));
}

static void wake(const struct thread *t)
{
    struct gate_wake args = {.word = t->arena, .count = 1};
    open_word(t);
    ignore(OS_CALL(GATE_WAKE, args));
}

void platform_unpark(struct platform_thread *block)
{
    struct thread *t = thread_of(block);
    struct os_thread *os = os_of(t);
    if (__atomic_exchange_n(&os->token, 1, __ATOMIC_SEQ_CST))
        return;
    if (__atomic_load_n(&os->parked, __ATOMIC_SEQ_CST)) {
        wake(t);
    } else if (__atomic_load_n(&os->in_call, __ATOMIC_SEQ_CST)) {
        open_word(t);
        interrupt(t);
    }
}

void platform_kick(struct platform_thread *block)
{
    struct thread *t = thread_of(block);
    struct os_thread *os = os_of(t);
    __atomic_store_n(&block->event, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&os->token, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&os->parked, __ATOMIC_SEQ_CST)) {
        wake(t);
        return;
    }
    if (__atomic_load_n(&os->in_call, __ATOMIC_SEQ_CST))
        open_word(t);
    interrupt(t);
}

void platform_yield(void)
{
    struct gate_yield args = {0};
    ignore(OS_CALL(GATE_YIELD, args));
}

uint64_t platform_take_signals(void)
{
    /* HUP, INT, QUIT, USR1, USR2, ALRM, TERM: what `cella run` hands on, and nothing that the
     * kernel would take for a fault. */
    const uint64_t wanted = 0x01 | 0x02 | 0x04 | 0x200 | 0x800 | 0x2000 | 0x4000;
    if (!os_attention())
        return 0;
    struct gate_signals args = {0};
    return OS_CALL(GATE_SIGNALS, args) ? 0 : args.set & wanted;
}
