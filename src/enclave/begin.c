/* SPDX-License-Identifier: Apache-2.0
 * begin.c: from the first entry of a TCS to the program.
 *
 * One TCS, whichever the host takes, enters with START, once; the others enter with THREAD and find
 * the work that thread_start() queued, or are refused. */
#include "enclave/begin.h"

#include <stdatomic.h>
#include <string.h>

#include "enclave/arena.h"
#include "enclave/fatal.h"
#include "enclave/gate.h"
#include "enclave/heap.h"
#include "enclave/hostmem.h"
#include "enclave/leaf.h"
#include "enclave/main.h"
#include "enclave/random.h"
#include "enclave/start.h"
#include "gate/gate.h"

#define NO_CANARY __attribute__((no_stack_protector))

enum { FRESH, STARTING, RUNNING, DEAD };

static atomic_int g_phase = FRESH;
static uint32_t g_xfrm;
static bool g_debug;

int64_t enclave_leave(uint64_t call, uint64_t argument); /* entry.S */

void enclave_set_dead(void)
{
    atomic_store(&g_phase, DEAD);
}

bool enclave_is_dead(void)
{
    return atomic_load(&g_phase) == DEAD;
}

bool enclave_is_debug(void)
{
    return g_debug;
}

void enclave_fatal(int reason)
{
    enclave_set_dead();
    for (;;)
        enclave_leave(GATE_LEAVE_FATAL, (uint64_t)reason);
}

/* gcc and clang call it; no header declares it. */
void __stack_chk_fail(void); /* NOLINT(readability-identifier-naming) */

void __stack_chk_fail(void) /* NOLINT(readability-identifier-naming) */
{
    enclave_fatal(GATE_FATAL_CANARY);
}

/* Copies the host's boot struct and takes over the arena.  The arguments are looked at later. */
static int take_boot(struct thread *t, host_ptr from, struct gate_boot *boot)
{
    int rc = from.addr % 8 ? -EINVAL : host_read(boot, from, sizeof *boot);
    if (rc)
        return rc;
    if (boot->arena % 8 != 0 || boot->arena_size < GATE_ARENA_MIN_SIZE ||
        !host_is_outside((host_ptr){boot->arena}, boot->arena_size))
        return -EINVAL;
    if (boot->args_size > GATE_ARGS_MAX_SIZE)
        return -E2BIG;
    t->arena = boot->arena;
    t->arena_size = boot->arena_size & ~7ull;
    t->arena_used = ARENA_RESERVED;
    t->quick = boot->features & GATE_FEATURE_XGETBV1;
    return 0;
}

/* The CPU's word on what this enclave is. */
static void learn_attributes(void)
{
    static struct leaf_targetinfo target;
    static struct leaf_reportdata data;
    static struct leaf_report report;
    leaf_ereport(&report, &target, &data);
    g_xfrm = (uint32_t)report.r.body.attributes.xfrm;
    g_debug = report.r.body.attributes.flags & SGX_ATTR_DEBUG;
}

static bool layout_is_ours(const struct enclave_layout *l)
{
    return l->magic == ENCLAVE_LAYOUT_MAGIC && l->version == ENCLAVE_LAYOUT_VERSION &&
           l->size >= sizeof *l && l->image_size >= 8 && l->data_size >= DATA_PAGE_SIZE;
}

/* Splits the host's argument block into argv, in enclave memory. */
static int take_args(const struct gate_boot *boot, int *argc, char ***argv)
{
    char *text = heap_new(boot->args_size + 1);
    char **list = heap_new((GATE_ARGS_MAX_COUNT + 1) * sizeof *list);
    if (!text || !list)
        return -ENOMEM;
    int rc = host_read(text, (host_ptr){boot->args}, boot->args_size);
    if (rc)
        return rc;
    text[boot->args_size] = 0;
    int count = 0;
    for (size_t at = 0; at < boot->args_size; at += strlen(text + at) + 1) {
        if (count == GATE_ARGS_MAX_COUNT)
            return -E2BIG;
        list[count++] = text + at;
    }
    list[count] = NULL;
    *argc = count;
    *argv = list;
    return 0;
}

static void prepare_thread(struct thread *t)
{
    t->xfrm = g_xfrm;
    t->canary = random_u64() & ~0xffull; /* its first byte 0 stops strings */
}

NO_CANARY static struct leave refuse(struct thread *t, uint64_t reason)
{
    t->state = THREAD_IDLE;
    return (struct leave){GATE_LEAVE_REFUSED, reason};
}

static void begin_heap(const struct thread *t, const struct enclave_layout *l)
{
    void *start = enclave_at(t, l->heap_offset);
    size_t size = l->heap_size;
    if (enclave_hooks.heap)
        enclave_hooks.heap(t, &start, &size);
    if (l->heap_kind != ENCLAVE_HEAP_DYNAMIC)
        heap_start(start, size);
}

NO_CANARY static struct leave begin_first(struct thread *t, host_ptr from)
{
    const struct enclave_layout *l = thread_layout(t);
    struct gate_boot boot;
    int fresh = FRESH;
    if (!layout_is_ours(l))
        enclave_fatal(GATE_FATAL_LAYOUT);
    if (take_boot(t, from, &boot))
        return refuse(t, GATE_REFUSED_BOOT);
    if (!atomic_compare_exchange_strong(&g_phase, &fresh, STARTING))
        return refuse(t, fresh == DEAD ? GATE_REFUSED_DEAD : GATE_REFUSED_STATE);
    if (!relocate(t->base + l->image_offset, l->image_size))
        enclave_fatal(GATE_FATAL_LAYOUT);
    learn_attributes();
    prepare_thread(t);
    begin_heap(t, l);
    start_init(l->thread_count);
    int argc;
    char **argv;
    if (take_args(&boot, &argc, &argv)) {
        atomic_store(&g_phase, DEAD);
        return refuse(t, GATE_REFUSED_BOOT);
    }
    atomic_store(&g_phase, RUNNING);
    gate_exit(enclave_main(argc, argv));
}

NO_CANARY static struct leave begin_further(struct thread *t, host_ptr from)
{
    struct gate_boot boot;
    int phase = atomic_load(&g_phase);
    if (phase != RUNNING)
        return refuse(t, phase == DEAD ? GATE_REFUSED_DEAD : GATE_REFUSED_STATE);
    if (take_boot(t, from, &boot))
        return refuse(t, GATE_REFUSED_BOOT);
    prepare_thread(t);
    if (!(enclave_hooks.thread ? enclave_hooks.thread(t) : start_run_next()))
        return refuse(t, GATE_REFUSED_STATE);
    t->state = THREAD_IDLE;
    return (struct leave){GATE_LEAVE_DONE, 0};
}

NO_CANARY struct leave enclave_begin(uint64_t kind, uint64_t boot, struct thread *t, uint64_t base)
{
    t->address = t;
    t->base = base;
    if (!t->place.tcs)
        t->place = t->measured;
    if (kind == GATE_ENTER_START)
        return begin_first(t, (host_ptr){boot});
    return begin_further(t, (host_ptr){boot});
}
