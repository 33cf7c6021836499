/* SPDX-License-Identifier: Apache-2.0
 * call_signal.c: system calls about signals, and those that wait with a signal mask. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "launch/call.h"
#include "launch/context.h"
#include "launch/signal.h"
#include "launch/sys_raw.h"

enum { SIGSET_SIZE = 8, MIN_STACK = 2048 };
#define SS_AUTODISARM_FLAG (1u << 31)

long call_rt_sigaction(struct call *c)
{
    struct emu_action action;
    struct emu_action old;
    uint64_t in = (uint64_t)c->args[1];
    uint64_t out = (uint64_t)c->args[2];
    if (c->args[3] != SIGSET_SIZE)
        return -EINVAL;
    if (in && program_read(&action, in, sizeof action))
        return -EFAULT;
    int rc = signal_action(c->thread->process, (int)c->args[0], in ? &action : NULL, &old);
    if (rc == 0 && out && program_write(out, &old, sizeof old))
        return -EFAULT;
    return rc;
}

long call_rt_sigprocmask(struct call *c)
{
    struct launch_thread *t = c->thread;
    uint64_t set;
    uint64_t in = (uint64_t)c->args[1];
    uint64_t out = (uint64_t)c->args[2];
    uint64_t mask = t->blocked;
    if (c->args[3] != SIGSET_SIZE)
        return -EINVAL;
    if (in) {
        if (program_read(&set, in, sizeof set))
            return -EFAULT;
        if (c->args[0] == SIG_BLOCK)
            mask |= set;
        else if (c->args[0] == SIG_UNBLOCK)
            mask &= ~set;
        else if (c->args[0] == SIG_SETMASK)
            mask = set;
        else
            return -EINVAL;
    }
    uint64_t old = t->blocked;
    signal_change_mask(t, c->context, mask);
    return out && program_write(out, &old, sizeof old) ? -EFAULT : 0;
}

long call_rt_sigreturn(struct call *c)
{
    struct launch_thread *t = c->thread;
    c->keeps_rax = true;
    struct emu_signal_state state = {.blocked = t->blocked, .altstack = t->stack};
    if (!emu_frame_pop(c->trap, &state)) {
        signal_note(t, &(siginfo_t){.si_signo = SIGSEGV, .si_code = SI_KERNEL}, true);
        return 0;
    }
    t->stack = state.altstack;
    signal_change_mask(t, c->context, state.blocked);
    return 0;
}

long call_rt_sigpending(struct call *c)
{
    uint64_t pending = 0;
    size_t size = (size_t)c->args[1];
    if (size > SIGSET_SIZE)
        return -EINVAL;
    long rc = sys_call2(SYS_rt_sigpending, as_long(&pending), SIGSET_SIZE);
    pending |= c->thread->held;
    return rc == 0 && program_write((uint64_t)c->args[0], &pending, size) ? -EFAULT : rc;
}

/* Waits with the mask at address `from` (0: the mask stays), which replaces argument `at`. */
static long forward_masked(struct call *c, int at, uint64_t from, uint64_t *real)
{
    struct launch_thread *t = c->thread;
    uint64_t mask;
    if (!from)
        return call_forward(c);
    if (program_read(&mask, from, sizeof mask))
        return -EFAULT;
    mask &= ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    t->wait_mask = mask;
    t->has_wait_mask = true;
    uint64_t open = t->held & ~mask;
    t->held &= ~open;
    *real = signal_real_mask(mask);
    if (at >= 0)
        c->args[at] = as_long(real);
    if (open) { /* one that was blocked in name only may come now */
        atomic_fetch_or(&t->ready, open);
        return -EINTR;
    }
    long rc = call_forward(c);
    if (rc != -EINTR || !atomic_load(&t->ready))
        t->has_wait_mask = false; /* no signal came while it waited */
    return rc;
}

long call_rt_sigsuspend(struct call *c)
{
    uint64_t real;
    if (c->args[1] != SIGSET_SIZE)
        return -EINVAL;
    return c->args[0] ? forward_masked(c, 0, (uint64_t)c->args[0], &real) : -EFAULT;
}

long call_ppoll(struct call *c)
{
    uint64_t real;
    if (c->args[3] && c->args[4] != SIGSET_SIZE)
        return -EINVAL;
    return forward_masked(c, 3, (uint64_t)c->args[3], &real);
}

long call_epoll_pwait(struct call *c)
{
    uint64_t real;
    if (c->args[4] && c->args[5] != SIGSET_SIZE)
        return -EINVAL;
    return forward_masked(c, 4, (uint64_t)c->args[4], &real);
}

long call_epoll_pwait2(struct call *c)
{
    return call_epoll_pwait(c);
}

long call_pselect6(struct call *c)
{
    uint64_t arg[2]; /* address and size of the mask */
    uint64_t real = 0;
    uint64_t from = (uint64_t)c->args[5];
    if (!from)
        return call_forward(c);
    if (program_read(arg, from, sizeof arg))
        return -EFAULT;
    if (!arg[0])
        return call_forward(c);
    if (arg[1] != SIGSET_SIZE)
        return -EINVAL;
    from = arg[0];
    arg[0] = (uint64_t)as_long(&real);
    c->args[5] = as_long(arg);
    return forward_masked(c, -1, from, &real);
}

long call_rt_sigtimedwait(struct call *c)
{
    struct launch_thread *t = c->thread;
    uint64_t set;
    if (c->args[3] != SIGSET_SIZE)
        return -EINVAL;
    if (program_read(&set, (uint64_t)c->args[0], sizeof set))
        return -EFAULT;
    uint64_t here = set & t->held;
    if (!here)
        return call_forward(c);
    int signal = __builtin_ctzll(here) + 1;
    t->held &= ~SIGNAL_BIT(signal);
    const siginfo_t *info = &t->noted[signal - 1];
    if (c->args[1] && program_write((uint64_t)c->args[1], info, sizeof *info))
        return -EFAULT;
    return signal;
}

long call_sigaltstack(struct call *c)
{
    struct launch_thread *t = c->thread;
    uint64_t in = (uint64_t)c->args[0];
    uint64_t out = (uint64_t)c->args[1];
    stack_t wanted;
    if (in && program_read(&wanted, in, sizeof wanted))
        return -EFAULT;
    stack_t old = t->stack;
    bool inside = on_program_signal_stack(t, c->context->rsp);
    if (inside)
        old.ss_flags |= SS_ONSTACK;
    if (in) {
        int mode = (int)((unsigned)wanted.ss_flags & ~SS_AUTODISARM_FLAG);
        if (inside)
            return -EPERM;
        if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
            return -EINVAL;
        if (mode == SS_DISABLE)
            wanted = (stack_t){.ss_flags = wanted.ss_flags};
        else if (wanted.ss_size < MIN_STACK)
            return -ENOMEM;
        else
            wanted.ss_flags &= ~SS_ONSTACK;
        t->stack = wanted;
    }
    return out && program_write(out, &old, sizeof old) ? -EFAULT : 0;
}
