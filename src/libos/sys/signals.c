/* SPDX-License-Identifier: Apache-2.0
 * signals.c: actions, masks, sending and waiting.  [signal(7)] */
#include <asm/signal.h>

#include "libos/sys/sys.h"
#include "libos/task/wait.h"

enum { SET_SIZE = 8, ALTSTACK_MIN = 2048 };

static bool is_signal(int n)
{
    return n >= 1 && n <= SIGNAL_COUNT;
}

long sys_rt_sigaction(struct task *t, const struct sys_args *a)
{
    int n = arg_int(a, 0);
    struct signals *s = &t->process->signals;
    struct action new = {0};
    if (arg_size(a, 3) != SET_SIZE || !is_signal(n))
        return -EINVAL;
    if (a->v[1] && (n == SIGKILL || n == SIGSTOP))
        return -EINVAL;
    if (a->v[1] && user_read(&new, arg_ptr(a, 1), sizeof new))
        return -EFAULT;
    spin_lock(&s->lock);
    struct action old = s->actions[n - 1];
    if (a->v[1]) {
        new.mask &= ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
        s->actions[n - 1] = new;
    }
    spin_unlock(&s->lock);
    return a->v[2] ? user_write(arg_ptr(a, 2), &old, sizeof old) : 0;
}

long sys_rt_sigprocmask(struct task *t, const struct sys_args *a)
{
    uint64_t set = 0;
    uint64_t old = t->blocked;
    if (arg_size(a, 3) != SET_SIZE)
        return -EINVAL;
    if (a->v[1]) {
        if (user_load64(arg_ptr(a, 1), &set))
            return -EFAULT;
        if (arg_int(a, 0) == SIG_BLOCK)
            signal_set_blocked(t, old | set);
        else if (arg_int(a, 0) == SIG_UNBLOCK)
            signal_set_blocked(t, old & ~set);
        else if (arg_int(a, 0) == SIG_SETMASK)
            signal_set_blocked(t, set);
        else
            return -EINVAL;
    }
    return a->v[2] ? user_store64(arg_ptr(a, 2), old) : 0;
}

long sys_rt_sigpending(struct task *t, const struct sys_args *a)
{
    uint64_t set = (t->pending.set | t->process->signals.shared.set) & t->blocked;
    if (arg_size(a, 1) > SET_SIZE)
        return -EINVAL;
    return user_write(arg_ptr(a, 0), &set, arg_size(a, 1));
}

long sys_rt_sigreturn(struct task *t, const struct sys_args *a)
{
    (void)a;
    if (frame_pop(t)) {
        siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
        signal_force(t, SIGSEGV, &info);
    }
    return 0;
}

long sys_rt_sigsuspend(struct task *t, const struct sys_args *a)
{
    uint64_t set = 0;
    if (arg_size(a, 1) != SET_SIZE)
        return -EINVAL;
    if (user_load64(arg_ptr(a, 0), &set))
        return -EFAULT;
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    signal_set_blocked(t, set);
    int rc = 0;
    while (!rc)
        rc = wait_sleep(t, NO_DEADLINE);
    t->thread->event = 1;
    return -ERESTARTNOHAND;
}

long sys_rt_sigtimedwait(struct task *t, const struct sys_args *a)
{
    uint64_t set = 0;
    int64_t ns = 0;
    int64_t deadline = NO_DEADLINE;
    siginfo_t info;
    if (arg_size(a, 3) != SET_SIZE)
        return -EINVAL;
    if (user_load64(arg_ptr(a, 0), &set))
        return -EFAULT;
    if (a->v[2]) {
        int rc = user_timespec(arg_ptr(a, 2), &ns);
        if (rc)
            return rc;
        deadline = deadline_after(ns);
    }
    set &= ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
    uint64_t blocked = t->blocked;
    signal_set_blocked(t, blocked & ~set); /* so that one of them wakes this thread */
    int rc = 0;
    int n = 0;
    for (;;) {
        signal_take_outside(t->process);
        n = signal_take(t, set, &info);
        if (n || rc)
            break;
        rc = wait_sleep(t, deadline);
    }
    signal_set_blocked(t, blocked);
    if (!n)
        return rc == -ETIMEDOUT ? -EAGAIN : -EINTR;
    return a->v[1] && user_write(arg_ptr(a, 1), &info, sizeof info) ? -EFAULT : n;
}

long sys_sigaltstack(struct task *t, const struct sys_args *a)
{
    struct {
        uint64_t sp;
        uint32_t flags, pad;
        uint64_t size;
    } new, old = {.sp = t->altstack.sp, .flags = t->altstack.flags, .size = t->altstack.size};
    uint64_t sp = t->regs->rsp;
    bool on = !(t->altstack.flags & SS_DISABLE) && sp > t->altstack.sp &&
              sp - t->altstack.sp <= t->altstack.size;
    if (on)
        old.flags |= SS_ONSTACK;
    if (a->v[0]) {
        if (user_read(&new, arg_ptr(a, 0), sizeof new))
            return -EFAULT;
        if (on)
            return -EPERM;
        uint32_t mode = new.flags & ~(1u << 31);
        if (mode != SS_DISABLE && mode != 0 && mode != SS_ONSTACK)
            return -EINVAL;
        if (mode == SS_DISABLE)
            new.sp = new.size = 0;
        else if (new.size < ALTSTACK_MIN)
            return -ENOMEM;
        t->altstack = (struct altstack){new.sp, new.size, new.flags & ~(uint32_t)SS_ONSTACK};
    }
    return a->v[1] ? user_write(arg_ptr(a, 1), &old, sizeof old) : 0;
}

static siginfo_t from_self(struct task *t, int n, int code)
{
    siginfo_t info = {.si_signo = n, .si_code = code};
    info.si_pid = (int)t->process->pid;
    info.si_uid = t->process->cred.uid;
    return info;
}

long sys_kill(struct task *t, const struct sys_args *a)
{
    int pid = arg_int(a, 0);
    int n = arg_int(a, 1);
    if (n != 0 && !is_signal(n))
        return -EINVAL;
    struct process *p = t->process;
    bool self = pid == 0 || (uint32_t)pid == p->pid || pid == -(int)p->pgid || pid == -1;
    if (pid == -1 && p->task_count)
        return -ESRCH; /* everyone but oneself */
    if (!self)
        return -ESRCH;
    siginfo_t info = from_self(t, n, SI_USER);
    return n ? signal_send(p, n, &info) : 0;
}

static long send_thread(struct task *t, int tid, int n, const siginfo_t *info)
{
    if (tid <= 0 || (n != 0 && !is_signal(n)))
        return -EINVAL;
    struct process *p = t->process;
    spin_lock(&p->lock);
    struct task *to = task_find(p, (uint32_t)tid);
    long rc = to ? 0 : -ESRCH;
    if (to && n)
        rc = signal_send_task(to, n, info);
    spin_unlock(&p->lock);
    return rc;
}

long sys_tgkill(struct task *t, const struct sys_args *a)
{
    siginfo_t info = from_self(t, arg_int(a, 2), SI_TKILL);
    if (arg_int(a, 0) <= 0)
        return -EINVAL;
    if (arg_u32(a, 0) != t->process->pid)
        return -ESRCH;
    return send_thread(t, arg_int(a, 1), arg_int(a, 2), &info);
}

long sys_tkill(struct task *t, const struct sys_args *a)
{
    siginfo_t info = from_self(t, arg_int(a, 1), SI_TKILL);
    return send_thread(t, arg_int(a, 0), arg_int(a, 1), &info);
}

static int read_info(user_ptr at, int n, siginfo_t *info)
{
    if (user_read(info, at, sizeof *info))
        return -EFAULT;
    info->si_signo = n;
    return 0;
}

long sys_rt_sigqueueinfo(struct task *t, const struct sys_args *a)
{
    siginfo_t info;
    int rc = read_info(arg_ptr(a, 2), arg_int(a, 1), &info);
    if (rc)
        return rc;
    if (arg_u32(a, 0) != t->process->pid)
        return -ESRCH;
    return is_signal(arg_int(a, 1)) ? signal_send(t->process, arg_int(a, 1), &info) : -EINVAL;
}

long sys_rt_tgsigqueueinfo(struct task *t, const struct sys_args *a)
{
    siginfo_t info;
    int rc = read_info(arg_ptr(a, 3), arg_int(a, 2), &info);
    if (rc)
        return rc;
    if (arg_u32(a, 0) != t->process->pid)
        return -ESRCH;
    return send_thread(t, arg_int(a, 1), arg_int(a, 2), &info);
}
