/* SPDX-License-Identifier: Apache-2.0
 * thread_raw.c: host threads: making, parking, waking, interrupting.  GS points to the thread's
 * block; syscalls outside of the application's range go to the host, those inside raise SIGSYS. */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "direct/direct.h"
#include "direct/host_raw.h"

enum {
    THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
    PAGE = 4096,
    SUD_ON = 1,
};

static struct {
    uint32_t lock;
    struct host_thread *idle; /* guarded by lock */
    uint32_t count;           /* threads that were made */
} g_pool;

static uint64_t g_outside;
uint64_t g_outside_mask;

struct host_thread *host_thread_self(void)
{
    struct host_thread *self;
    __asm__("mov %%gs:0, %0" : "=r"(self));
    return self;
}

static void pool_lock(void)
{
    while (__atomic_exchange_n(&g_pool.lock, 1, __ATOMIC_ACQUIRE))
        HOST(__NR_sched_yield);
}

static void pool_unlock(void)
{
    __atomic_store_n(&g_pool.lock, 0, __ATOMIC_RELEASE);
}

static uint8_t *map_stack(size_t size)
{
    long at = HOST(__NR_mmap, 0, size + PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at < 0 && at > -PAGE)
        return NULL;
    HOST(__NR_mprotect, at, PAGE, PROT_NONE);
    return (uint8_t *)(at + PAGE);
}

struct host_thread *host_thread_new(void)
{
    uint8_t *alt = map_stack(ALT_STACK_SIZE);
    uint8_t *stack = map_stack(KERNEL_STACK_SIZE);
    if (!alt || !stack)
        return NULL;
    struct host_thread *th = (struct host_thread *)(void *)alt; /* at the alternate stack's end */
    *th = (struct host_thread){.alt_stack = alt};
    th->block.self = &th->block;
    th->block.kernel_stack_top = (uintptr_t)stack + KERNEL_STACK_SIZE;
    return th;
}

int host_thread_adopt(struct host_thread *th)
{
    size_t skip = (sizeof *th + 63) & ~(size_t)63;
    stack_t alt = {.ss_sp = th->alt_stack + skip, .ss_size = ALT_STACK_SIZE - skip};
    __asm__ volatile("wrgsbase %0" : : "r"(th));
    th->host_tid = HOST(__NR_gettid);
    long rc = HOST(__NR_sigaltstack, host_ptr_arg(&alt), 0);
    if (rc)
        return (int)rc;
    /* The host may be called from above the application's range, which is at the bottom. */
    uint64_t end = g_info.user_end;
    return (int)HOST(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, SUD_ON, end, ~(uint64_t)0 - end, 0);
}

/* ---- parking ---- */

static long futex_wait(uint32_t *word, uint32_t value, int64_t timeout_ns)
{
    struct timespec time = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    return HOST(__NR_futex, host_ptr_arg(word), FUTEX_WAIT_PRIVATE, value,
                timeout_ns < 0 ? 0 : host_ptr_arg(&time), 0, 0);
}

static void futex_wake(uint32_t *word)
{
    HOST(__NR_futex, host_ptr_arg(word), FUTEX_WAKE_PRIVATE, 1);
}

int platform_park(int64_t timeout_ns)
{
    struct host_thread *th = host_thread_self();
    int rc = 0;
    if (__atomic_exchange_n(&th->token, 0, __ATOMIC_SEQ_CST))
        return 0;
    __atomic_store_n(&th->parked, 1, __ATOMIC_SEQ_CST);
    if (futex_wait(&th->token, 0, timeout_ns) == -ETIMEDOUT)
        rc = -ETIMEDOUT;
    __atomic_store_n(&th->parked, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&th->token, 0, __ATOMIC_SEQ_CST);
    return rc;
}

static void interrupt(struct host_thread *th)
{
    long pid = HOST(__NR_getpid);
    HOST(__NR_tgkill, pid, th->host_tid, KICK_SIGNAL);
}

void platform_unpark(struct platform_thread *t)
{
    struct host_thread *th = (struct host_thread *)(void *)t;
    if (__atomic_exchange_n(&th->token, 1, __ATOMIC_SEQ_CST))
        return;
    if (__atomic_load_n(&th->parked, __ATOMIC_SEQ_CST))
        futex_wake(&th->token);
    else if (__atomic_load_n(&th->in_call, __ATOMIC_SEQ_CST))
        interrupt(th);
}

void platform_kick(struct platform_thread *t)
{
    struct host_thread *th = (struct host_thread *)(void *)t;
    __atomic_store_n(&th->token, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&th->parked, __ATOMIC_SEQ_CST))
        futex_wake(&th->token);
    else
        interrupt(th);
}

void platform_yield(void)
{
    HOST(__NR_sched_yield);
}

/* ---- the pool ---- */

/* A thread without a task must not be the one that a signal from outside chooses. */
static void refuse_outside(bool refuse)
{
    HOST(__NR_rt_sigprocmask, refuse ? SIG_BLOCK : SIG_UNBLOCK, host_ptr_arg(&g_outside_mask), 0,
         sizeof g_outside_mask);
}

/* What came to this thread while it was ending goes to another one. */
static void pass_on_outside(void)
{
    uint64_t set = __atomic_exchange_n(&g_outside, 0, __ATOMIC_SEQ_CST);
    long pid = HOST(__NR_getpid);
    for (int n = 1; set; n++, set >>= 1)
        if (set & 1)
            HOST(__NR_kill, pid, n);
}

static void idle_loop(void *arg)
{
    struct host_thread *th = arg;
    if (host_thread_adopt(th))
        HOST(__NR_exit, 0);
    for (;;) {
        while (!__atomic_load_n(&th->started, __ATOMIC_ACQUIRE))
            futex_wait(&th->started, 0, -1);
        __atomic_store_n(&th->started, 0, __ATOMIC_RELAXED);
        th->token = 0;
        th->block.event = 0;
        refuse_outside(false); /* from here on a signal sets event, which run() leaves alone */
        th->run(th->arg);
    }
}

static void idle_again(const void *arg)
{
    struct host_thread *th = (struct host_thread *)(uintptr_t)arg;
    pool_lock();
    th->next_idle = g_pool.idle;
    g_pool.idle = th;
    pool_unlock();
    idle_loop(th);
}

void platform_thread_exit(void)
{
    struct host_thread *th = host_thread_self();
    refuse_outside(true);
    pass_on_outside();
    th->block.task = NULL;
    host_switch((void *)(th->block.kernel_stack_top - FRAME_ROOM), idle_again, th);
}

int platform_thread_create(struct platform_thread **out, void (*run)(void *), void *arg)
{
    pool_lock();
    struct host_thread *th = g_pool.idle;
    if (th)
        g_pool.idle = th->next_idle;
    bool make = !th && g_pool.count + 1 < g_info.thread_max;
    g_pool.count += make;
    pool_unlock();
    if (make)
        th = host_thread_new();
    if (!th)
        return -EAGAIN;
    th->run = run;
    th->arg = arg;
    __atomic_store_n(&th->started, 1, __ATOMIC_RELEASE);
    *out = &th->block;
    if (!make) {
        futex_wake(&th->started);
        return 0;
    }
    long tid =
        host_clone(THREAD_FLAGS, (void *)(th->block.kernel_stack_top - FRAME_ROOM), idle_loop, th);
    refuse_outside(false);
    return tid < 0 ? (int)tid : 0;
}

/* ---- what interrupts ---- */

uint64_t platform_take_signals(void)
{
    if (!__atomic_load_n(&g_outside, __ATOMIC_RELAXED))
        return 0;
    return __atomic_exchange_n(&g_outside, 0, __ATOMIC_SEQ_CST);
}

void direct_outside(int n);
void direct_outside(int n)
{
    __atomic_fetch_or(&g_outside, (uint64_t)1 << (n - 1), __ATOMIC_SEQ_CST);
}

/* For the I/O calls. */
long direct_blocking(long nr, long a, long b, long c, long d);
long direct_blocking(long nr, long a, long b, long c, long d)
{
    struct host_thread *th = host_thread_self();
    __atomic_store_n(&th->in_call, 1, __ATOMIC_SEQ_CST);
    long rc = host_blocking(nr, a, b, c, d, &th->token);
    __atomic_store_n(&th->in_call, 0, __ATOMIC_SEQ_CST);
    if (rc == -EINTR)
        __atomic_store_n(&th->token, 0, __ATOMIC_SEQ_CST);
    return rc;
}
