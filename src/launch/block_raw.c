/* SPDX-License-Identifier: Apache-2.0
 * block_raw.c: see block.h.  A thread that the program makes with clone is none that libc knows,
 * so it gets a TLS area by the same functions with which libc makes its own. */
#include "launch/block.h"

#include <errno.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "emu/thread.h"
#include "launch/sys_raw.h"

/* Of glibc, for its own thread library; in the static library they are ordinary functions. */
void *libc_tls_new(void *memory) __asm__("_dl_allocate_tls");
void libc_ctype_init(void) __asm__("__ctype_init");

/* Weak in libc and 0 when nobody has it, which is out of reach from the launcher's address. */
void libc_pthread_minimal(void) __asm__("__pthread_initialize_minimal");
void libc_pthread_minimal(void)
{
}

/* The head of struct pthread.  [x86-64 psABI, glibc tcbhead_t] */
struct tcb {
    void *tcb;
    void *dtv;
    void *self;
    int multiple_threads;
    int gscope_flag;
    uint64_t sysinfo;
    uint64_t stack_guard;
    uint64_t pointer_guard;
};

enum { TID_SEARCH = 2048 };

_Static_assert(BLOCK_SIZE == EMU_BLOCK_SIZE && BLOCK_OWNER == EMU_BLOCK_OWNER &&
                   BLOCK_HEAD == EMU_BLOCK_HEAD && BLOCK_GUARD == EMU_BLOCK_GUARD,
               "layout.h");

static struct launch_thread *_Atomic g_blocks; /* all that were ever made, linked by next */
static size_t g_tid_offset;                    /* of the thread id in struct pthread; 0: unknown */

stack_t block_stack(const struct launch_thread *t)
{
    uint64_t base = (uint64_t)as_long(t) - BLOCK_OWNER + BLOCK_HEAD + BLOCK_GUARD;
    return (stack_t){.ss_sp = program_at(base), .ss_size = block_end(t) - base};
}

uint64_t block_end(const struct launch_thread *t)
{
    return (uint64_t)as_long(t) - BLOCK_OWNER + BLOCK_SIZE;
}

struct emu_thread *block_emu(const struct launch_thread *t)
{
    return program_at((uint64_t)as_long(t) - BLOCK_OWNER);
}

static struct launch_thread *block_map(void)
{
    struct emu_thread *block = emu_block_new();
    if (!block)
        return NULL;
    struct launch_thread *t = program_at((uint64_t)as_long(block) + BLOCK_OWNER);
    t->state = THREAD_USED;
    return t;
}

static void block_link(struct launch_thread *t)
{
    t->next = atomic_load(&g_blocks);
    while (!atomic_compare_exchange_weak(&g_blocks, &t->next, t))
        ;
}

/* Where libc keeps the thread id: the first place in struct pthread that holds it. */
static size_t find_tid(uint64_t fs, uint32_t tid)
{
    for (size_t at = sizeof(struct tcb); at < TID_SEARCH; at += 4)
        if (memcmp(program_at(fs + at), &tid, sizeof tid) == 0)
            return at;
    return 0;
}

struct launch_thread *block_first(struct launch_process *p, struct err *e)
{
    struct launch_thread *t = block_map();
    if (!t) {
        ignore(fail(e, -ENOMEM, "no memory for the first thread"));
        return NULL;
    }
    t->host_fs = fs_base();
    t->tid = (uint32_t)sys_call2(SYS_gettid, 0, 0);
    t->process = p;
    t->stack.ss_flags = SS_DISABLE;
    g_tid_offset = find_tid(t->host_fs, t->tid);
    __libc_single_threaded = 0; /* so that malloc takes its locks from now on */
    block_link(t);
    return t;
}

static struct launch_thread *block_again(void)
{
    for (struct launch_thread *t = atomic_load(&g_blocks); t; t = t->next) {
        uint32_t expected = THREAD_FREE;
        if (t->host_fs && atomic_compare_exchange_strong(&t->state, &expected, THREAD_USED))
            return t;
    }
    return NULL;
}

struct launch_thread *block_new(void)
{
    struct launch_thread *t = block_again();
    if (!t) {
        t = block_map();
        if (!t)
            return NULL;
        struct tcb *tcb = libc_tls_new(NULL);
        if (!tcb) {
            emu_block_free(block_emu(t));
            return NULL;
        }
        const struct tcb *mine = program_at(fs_base());
        tcb->tcb = tcb;
        tcb->self = tcb;
        tcb->multiple_threads = 1;
        tcb->stack_guard = mine->stack_guard;
        tcb->pointer_guard = mine->pointer_guard;
        t->host_fs = (uint64_t)as_long(tcb);
        block_link(t);
    }
    emu_thread_forked(block_emu(t)); /* what it knew of its last thread is void */
    t->ready = t->faults = t->held = 0;
    t->has_wait_mask = false;
    return t;
}

void block_put(struct launch_thread *t)
{
    atomic_store(&t->state, THREAD_FREE);
}

void block_only(struct launch_thread *mine)
{
    for (struct launch_thread *t = atomic_load(&g_blocks); t; t = t->next)
        if (t != mine)
            block_put(t);
}

void block_adopt(struct launch_thread *t)
{
    t->tid = (uint32_t)sys_call2(SYS_gettid, 0, 0);
    if (g_tid_offset)
        memcpy(program_at(t->host_fs + g_tid_offset), &t->tid, sizeof t->tid);
    libc_ctype_init();
}
