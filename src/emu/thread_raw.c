/* SPDX-License-Identifier: Apache-2.0
 * thread_raw.c: the blocks of threads, and making a thread ready for handlers.
 *
 * Blocks are never unmapped, so whoever walks them without a lock reads memory that exists. */
#include "emu/thread_priv.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/context.h"
#include "emu/cpu_raw.h"
#include "emu/enclave.h"
#include "emu/signal_priv.h"

enum { MAX_BLOCKS = 16384, MIN_BLOCKS = 64 };

/* Read by handlers and by the fast stubs. */
__attribute__((visibility("hidden"))) uint64_t g_emu_arena;
__attribute__((visibility("hidden"))) uint64_t g_emu_arena_size;

static _Atomic uint8_t g_used[MAX_BLOCKS];
static _Atomic uint32_t g_high; /* blocks from here on were never used */
static pthread_once_t g_once = PTHREAD_ONCE_INIT;
static pthread_key_t g_key; /* a thread that ends gives its block back */
/* Of this thread, in library mode.  enter.S reads it. */
__attribute__((visibility("hidden"),
               tls_model("initial-exec"))) __thread struct emu_thread *g_emu_self;

static void thread_ended(void *thread);

static void arena_reserve(void)
{
    for (size_t count = MAX_BLOCKS; count >= MIN_BLOCKS; count /= 4) {
        size_t size = (count + 1) * EMU_BLOCK_SIZE; /* one more, to align */
        void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED)
            continue;
        g_emu_arena_size = count * EMU_BLOCK_SIZE;
        g_emu_arena = (cpu_addr(at) + EMU_BLOCK_SIZE - 1) & ~(uint64_t)(EMU_BLOCK_SIZE - 1);
        break;
    }
    ignore(pthread_key_create(&g_key, thread_ended));
}

static struct emu_thread *block_at_index(uint32_t index)
{
    return cpu_ptr(g_emu_arena + (uint64_t)index * EMU_BLOCK_SIZE);
}

static bool block_take(uint32_t *index)
{
    uint32_t count = (uint32_t)(g_emu_arena_size / EMU_BLOCK_SIZE);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t is_free = 0;
        if (atomic_compare_exchange_strong(&g_used[i], &is_free, 1)) {
            *index = i;
            return true;
        }
    }
    return false;
}

struct emu_thread *emu_block_new(void)
{
    uint32_t index;
    if (pthread_once(&g_once, arena_reserve) != 0 || !block_take(&index))
        return NULL;
    struct emu_thread *t = block_at_index(index);
    uint64_t stack = cpu_addr(t) + EMU_BLOCK_HEAD + EMU_BLOCK_GUARD;
    if (mprotect(t, EMU_BLOCK_HEAD, PROT_READ | PROT_WRITE) != 0 ||
        mprotect(cpu_ptr(stack), EMU_BLOCK_SIZE - EMU_BLOCK_HEAD - EMU_BLOCK_GUARD,
                 PROT_READ | PROT_WRITE) != 0) {
        g_used[index] = 0;
        return NULL;
    }
    memset(t, 0, EMU_BLOCK_HEAD);
    t->self = cpu_addr(t);
    uint32_t high = g_high;
    while (high <= index && !atomic_compare_exchange_weak(&g_high, &high, index + 1))
        continue;
    return t;
}

void emu_block_free(struct emu_thread *thread)
{
    uint32_t index = (uint32_t)((cpu_addr(thread) - g_emu_arena) / EMU_BLOCK_SIZE);
    thread->inside = NULL;
    ignore(madvise(thread, EMU_BLOCK_SIZE, MADV_DONTNEED));
    g_used[index] = 0;
}

EMU_BARE struct emu_thread *emu_block_at(uint64_t sp)
{
    if (sp - g_emu_arena >= g_emu_arena_size)
        return NULL;
    return (struct emu_thread *)(uintptr_t)(sp & ~(uint64_t)(EMU_BLOCK_SIZE - 1));
}

struct emu_enclave *emu_thread_inside(const struct emu_thread *thread)
{
    return thread->inside;
}

unsigned emu_threads_inside(const struct emu_enclave *enclave)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < g_high; i++)
        if (g_used[i])
            count += block_at_index(i)->inside == enclave;
    return count;
}

bool emu_threads_since(const struct emu_enclave *enclave, unsigned parity)
{
    for (uint32_t i = 0; i < g_high; i++)
        if (g_used[i] && block_at_index(i)->inside == enclave &&
            (block_at_index(i)->epoch & 1) == parity)
            return true;
    return false;
}

static stack_t handler_stack(const struct emu_thread *thread)
{
    const size_t below = EMU_BLOCK_HEAD + EMU_BLOCK_GUARD;
    return (stack_t){.ss_sp = cpu_ptr(cpu_addr(thread) + below), .ss_size = EMU_BLOCK_SIZE - below};
}

static void take_segments(struct emu_thread *thread)
{
    uint64_t gs = cpu_gs();
    thread->fs = cpu_fs();
    if (gs == 0 || emu_block_at(gs) || emu_enclave_at(gs))
        cpu_set_gs(cpu_addr(thread));
}

int emu_thread_start(struct emu_thread *thread)
{
    stack_t stack = handler_stack(thread);
    uint64_t ours = EMU_SIGNALS_OURS;
    long rc = cpu_syscall(SYS_sigaltstack, cpu_addr(&stack), cpu_addr(&thread->altstack), 0, 0, 0);
    if (rc)
        return (int)rc;
    take_segments(thread);
    ignore(cpu_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, cpu_addr(&ours), 0, sizeof ours, 0));
    return 0;
}

void emu_thread_forked(struct emu_thread *thread)
{
    thread->guard_base = 0;
    thread->guard_end = 0;
    thread->fast.tcs = 0;
}

void emu_thread_alone(struct emu_thread *thread)
{
    for (uint32_t i = 0; i < g_high; i++)
        if (g_used[i] && block_at_index(i) != thread)
            emu_block_free(block_at_index(i));
    if (thread)
        emu_thread_forked(thread);
}

/* Library mode. */

static void thread_ended(void *ended)
{
    struct emu_thread *thread = ended;
    g_emu_self = NULL;
    ignore(cpu_syscall(SYS_sigaltstack, cpu_addr(&thread->altstack), 0, 0, 0, 0));
    if (cpu_gs() == thread->self)
        cpu_set_gs(0);
    emu_block_free(thread);
}

struct emu_thread *emu_thread_self(void)
{
    return g_emu_self;
}

int emu_thread_attach(struct err *e)
{
    if (g_emu_self)
        return 0;
    struct emu_thread *thread = emu_block_new();
    if (!thread)
        return fail(e, -ENOMEM, "emu: no memory for the block of a thread (%d KiB)",
                    EMU_BLOCK_SIZE / 1024);
    int rc = emu_thread_start(thread);
    if (rc) {
        emu_block_free(thread);
        return fail(e, rc, "emu: sigaltstack: %s", strerror(-rc));
    }
    g_emu_self = thread;
    ignore(pthread_setspecific(g_key, thread));
    return 0;
}

/* What emu_attach_stub finds on the stack. */
struct attach_frame {
    uint64_t rip;
    stack_t stack;
    uint8_t red_zone[128];
};

bool emu_thread_attach_late(ucontext_t *uc)
{
    uint64_t at = context_get(uc, REG_RSP) - sizeof(struct attach_frame);
    struct emu_thread *thread = g_emu_self ? NULL : emu_block_new();
    if (!thread)
        return false;
    struct attach_frame *frame = cpu_ptr(at);
    frame->rip = context_get(uc, REG_RIP);
    frame->stack = handler_stack(thread);
    context_set(uc, REG_RSP, at);
    context_set(uc, REG_RIP, (uint64_t)(uintptr_t)emu_attach_stub);
    take_segments(thread);
    thread->altstack = uc->uc_stack;
    thread->altstack.ss_flags &= ~SS_ONSTACK;
    emu_uc_set_mask(uc, emu_uc_mask(uc) & ~EMU_SIGNALS_OURS);
    g_emu_self = thread;
    ignore(pthread_setspecific(g_key, thread));
    return true;
}
