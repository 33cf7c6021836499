/* SPDX-License-Identifier: Apache-2.0
 * signal.c: see signal.h. */
#include "launch/signal.h"

#include <errno.h>
#include <linux/futex.h>

#include "launch/context.h"
#include "launch/sys_raw.h"
#include "launch/trap.h"

#define SA_RESTORER_FLAG 0x04000000ull
enum { SIGSET_SIZE = 8, FIRST_QUEUED = 32 }; /* from there on the kernel queues signals */

void process_lock(struct launch_process *p)
{
    uint32_t expected = 0;
    if (atomic_compare_exchange_strong(&p->lock, &expected, 1))
        return;
    while (atomic_exchange(&p->lock, 2) != 0)
        sys_call4(SYS_futex, as_long(&p->lock), FUTEX_WAIT_PRIVATE, 2, 0);
}

void process_unlock(struct launch_process *p)
{
    if (atomic_exchange(&p->lock, 0) == 2)
        sys_call4(SYS_futex, as_long(&p->lock), FUTEX_WAKE_PRIVATE, 1, 0);
}

static long kernel_sigaction(int signal, const struct emu_action *action, struct emu_action *old)
{
    return sys_call4(SYS_rt_sigaction, signal, as_long(action), as_long(old), SIGSET_SIZE);
}

uint64_t signal_block_all(void)
{
    uint64_t all = signal_real_mask(~0ull);
    uint64_t old = 0;
    sys_call4(SYS_rt_sigprocmask, SIG_SETMASK, as_long(&all), as_long(&old), SIGSET_SIZE);
    return old;
}

void signal_restore(uint64_t mask)
{
    sys_call4(SYS_rt_sigprocmask, SIG_SETMASK, as_long(&mask), 0, SIGSET_SIZE);
}

/* The launcher's handler, with the flags of the program's that matter before it runs. */
static struct emu_action own_action(int signal, uint64_t program_flags)
{
    uint64_t kept = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;
    struct emu_action own = {
        .handler = (uint64_t)as_long(trap_on_signal),
        .flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER_FLAG | (program_flags & kept),
        .restorer = (uint64_t)as_long(launch_restorer),
        .mask = signal_real_mask(~0ull),
    };
    if (signal == SIGSYS) { /* stays open to signals; they are only noted */
        own.handler = (uint64_t)as_long(trap_on_syscall);
        own.mask = 0;
    }
    if (SIGNAL_BIT(signal) & SIGNALS_OURS)
        own.flags |= SA_NODEFER;
    return own;
}

static bool has_handler(const struct emu_action *action)
{
    return action->handler != (uint64_t)as_long(SIG_DFL) &&
           action->handler != (uint64_t)as_long(SIG_IGN);
}

void signal_start(struct launch_process *p)
{
    for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
        bool ours = SIGNAL_BIT(signal) & SIGNALS_OURS;
        struct emu_action own = own_action(signal, 0);
        ignore(kernel_sigaction(signal, ours ? &own : NULL, &p->actions[signal - 1]));
    }
}

int signal_action(struct launch_process *p, int signal, const struct emu_action *action,
                  struct emu_action *old)
{
    if (signal < 1 || signal > SIGNAL_COUNT || (action && (signal == SIGKILL || signal == SIGSTOP)))
        return -EINVAL;
    process_lock(p);
    struct emu_action *mine = &p->actions[signal - 1];
    if (old)
        *old = *mine;
    long rc = 0;
    if (action) {
        struct emu_action wanted = *action;
        wanted.mask &= ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
        struct emu_action own = own_action(signal, wanted.flags);
        bool ours = SIGNAL_BIT(signal) & SIGNALS_OURS;
        rc = kernel_sigaction(signal, ours || has_handler(&wanted) ? &own : &wanted, NULL);
        if (rc == 0)
            *mine = wanted;
    }
    process_unlock(p);
    return (int)rc;
}

/* Back to the kernel's queue, for this thread; it is blocked until the context is loaded. */
static void requeue(struct launch_thread *t, const siginfo_t *info)
{
    long pid = sys_call2(SYS_getpid, 0, 0);
    sys_call4(SYS_rt_tgsigqueueinfo, pid, t->tid, info->si_signo, as_long(info));
}

void signal_note(struct launch_thread *t, const siginfo_t *info, bool is_fault)
{
    uint64_t bit = SIGNAL_BIT(info->si_signo);
    if (!is_fault && (atomic_load(&t->ready) & bit)) {
        if (info->si_signo >= FIRST_QUEUED)
            requeue(t, info);
        return;
    }
    t->noted[info->si_signo - 1] = *info;
    if (is_fault)
        t->faults |= bit;
    atomic_fetch_or(&t->ready, bit);
}

void signal_change_mask(struct launch_thread *t, struct kernel_context *c, uint64_t mask)
{
    t->blocked = mask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    c->sigmask = signal_real_mask(t->blocked);
    uint64_t open = t->held & ~t->blocked;
    t->held &= ~open;
    atomic_fetch_or(&t->ready, open);
}

/* Lets the kernel end the process with the program's registers in the core dump: the signal is
 * queued while blocked and strikes when the context is loaded. */
static void die(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info)
{
    uint64_t bit = SIGNAL_BIT(info->si_signo);
    uint64_t all = ~0ull;
    struct emu_action by_default = {0};
    sys_call4(SYS_rt_sigprocmask, SIG_SETMASK, as_long(&all), 0, SIGSET_SIZE);
    ignore(kernel_sigaction(info->si_signo, &by_default, NULL));
    long pid = sys_call2(SYS_getpid, 0, 0);
    sys_call4(SYS_rt_tgsigqueueinfo, pid, t->tid, info->si_signo, as_long(info));
    c->sigmask = ~bit;
}

/* Faults first, then the lowest number, as the kernel does. */
static int pick(const struct launch_thread *t, uint64_t ready)
{
    uint64_t first = ready & t->faults ? ready & t->faults : ready;
    return __builtin_ctzll(first) + 1;
}

/* The program's action, reset when it is for one time only. */
static struct emu_action take_action(struct launch_process *p, int signal)
{
    process_lock(p);
    struct emu_action action = p->actions[signal - 1];
    bool once = has_handler(&action) && (action.flags & SA_RESETHAND);
    process_unlock(p);
    if (once) {
        struct emu_action by_default = {0};
        ignore(signal_action(p, signal, &by_default, NULL));
    }
    return action;
}

/* A handler of the program is entered; false when its stack cannot take the frame. */
static bool enter(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info,
                  const struct emu_action *action)
{
    uint64_t bit = SIGNAL_BIT(info->si_signo);
    uint64_t current = t->has_wait_mask ? t->wait_mask : t->blocked;
    siginfo_t copy = *info;
    struct emu_trap trap = {.signal = info->si_signo, .info = &copy, .uc = context_uc(c)};
    struct emu_signal_state state = {.blocked = t->blocked, .altstack = t->stack};
    if (!(action->flags & SA_RESTORER_FLAG) || !emu_frame_push(&trap, action, &state))
        return false;
    t->stack = state.altstack;
    t->has_wait_mask = false;
    signal_change_mask(t, c, current | action->mask | (action->flags & SA_NODEFER ? 0 : bit));
    return true;
}

static void deliver_fault(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info)
{
    struct emu_action action = take_action(t->process, info->si_signo);
    bool blocked = t->blocked & SIGNAL_BIT(info->si_signo);
    if (blocked || !has_handler(&action) || !enter(t, c, info, &action))
        die(t, c, info);
}

static void deliver_plain(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info,
                          bool may_wait)
{
    uint64_t bit = SIGNAL_BIT(info->si_signo);
    bool ours = bit & SIGNALS_OURS;
    uint64_t current = t->has_wait_mask ? t->wait_mask : t->blocked;
    if ((ours || may_wait) && (current & bit)) {
        if (ours)
            t->held |= bit;
        else
            requeue(t, info);
        return;
    }
    struct emu_action action = take_action(t->process, info->si_signo);
    if (action.handler == (uint64_t)as_long(SIG_IGN))
        return;
    if (!has_handler(&action) && ours)
        die(t, c, info);
    else if (!has_handler(&action))
        requeue(t, info); /* its action became the default meanwhile */
    else if (!enter(t, c, info, &action))
        die(t, c, &(siginfo_t){.si_signo = SIGSEGV, .si_code = SI_KERNEL});
}

void launch_deliver_late(struct kernel_context *c)
{
    struct launch_thread *t = thread_here();
    uint64_t fs = fs_base();
    set_fs_base(t->host_fs);
    signal_block_all();
    bool may_wait = false;
    for (;;) {
        uint64_t ready = atomic_load(&t->ready);
        if (!ready)
            break;
        int signal = pick(t, ready);
        uint64_t bit = SIGNAL_BIT(signal);
        siginfo_t info = t->noted[signal - 1];
        bool is_fault = t->faults & bit;
        t->faults &= ~bit;
        atomic_fetch_and(&t->ready, ~bit);
        if (is_fault)
            deliver_fault(t, c, &info);
        else
            deliver_plain(t, c, &info, may_wait);
        may_wait = true;
    }
    t->has_wait_mask = false;
    set_fs_base(fs);
}
