/* SPDX-License-Identifier: Apache-2.0
 * send.c: from a sender to the pending sets. */
#include <asm/errno.h>
#include <asm/signal.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/lib/klib_raw.h"
#include "libos/task/task.h"

struct queued {
    struct list node;
    siginfo_t info;
};

enum { QUEUED_MAX = 4096 };
static uint32_t g_queued;

static const uint64_t IGNORED =
    1ull << (SIGCHLD - 1) | 1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1) | 1ull << (SIGCONT - 1) |
    1ull << (SIGSTOP - 1) | 1ull << (SIGTSTP - 1) | 1ull << (SIGTTIN - 1) | 1ull << (SIGTTOU - 1);

void pending_init(struct pending *p)
{
    p->set = 0;
    list_init(&p->queue);
}

void signals_init(struct signals *s)
{
    *s = (struct signals){0};
    pending_init(&s->shared);
}

bool signal_default_ignored(int n)
{
    return IGNORED & signal_bit(n);
}

static void queued_free(struct queued *q)
{
    list_del(&q->node);
    __atomic_fetch_sub(&g_queued, 1, __ATOMIC_RELAXED);
    kfree(q);
}

void pending_clear(struct pending *p)
{
    list_each(node, &p->queue) queued_free(container_of(node, struct queued, node));
    p->set = 0;
}

/* Needs: signals.lock. */
static int pending_add(struct pending *p, int n, const siginfo_t *info)
{
    if ((p->set & signal_bit(n)) && n < 32)
        return 0;
    struct queued *q = NULL;
    if (g_queued < QUEUED_MAX)
        q = kalloc(sizeof *q);
    if (!q && n >= 32 && info)
        return -EAGAIN;
    p->set |= signal_bit(n);
    if (!q)
        return 0;
    __atomic_fetch_add(&g_queued, 1, __ATOMIC_RELAXED);
    if (info) {
        q->info = *info;
    } else {
        q->info.si_signo = n;
        q->info.si_code = SI_KERNEL;
    }
    q->info.si_signo = n;
    list_add(&p->queue, &q->node);
    return 0;
}

/* Needs: signals.lock. */
static bool is_ignored(const struct signals *s, int n)
{
    uint64_t handler = s->actions[n - 1].handler;
    return handler == (uint64_t)(uintptr_t)SIG_IGN || (!handler && signal_default_ignored(n));
}

/* Needs: signals.lock. */
static int send_locked(struct process *p, struct task *to, int n, const siginfo_t *info)
{
    struct signals *s = &p->signals;
    if (is_ignored(s, n) && n != SIGKILL) {
        bool blocked =
            to ? to->blocked & signal_bit(n) : current() && (current()->blocked & signal_bit(n));
        if (!blocked)
            return 0;
    }
    return pending_add(to ? &to->pending : &s->shared, n, info);
}

/* The thread that should look: one that does not block it. */
static void notify_someone(struct process *p, int n)
{
    spin_lock(&p->lock);
    struct task *best = NULL;
    list_each(node, &p->tasks)
    {
        struct task *t = container_of(node, struct task, node);
        if (t->blocked & signal_bit(n))
            continue;
        if (!best || t == current())
            best = t;
    }
    if (best)
        task_notify(best);
    spin_unlock(&p->lock);
}

int signal_send(struct process *p, int n, const siginfo_t *info)
{
    spin_lock(&p->signals.lock);
    int rc = send_locked(p, NULL, n, info);
    spin_unlock(&p->signals.lock);
    if (!rc)
        notify_someone(p, n);
    return rc;
}

int signal_send_task(struct task *t, int n, const siginfo_t *info)
{
    struct process *p = t->process;
    spin_lock(&p->signals.lock);
    int rc = send_locked(p, t, n, info);
    bool wanted = !(t->blocked & signal_bit(n));
    spin_unlock(&p->signals.lock);
    if (!rc && wanted)
        task_notify(t);
    return rc;
}

void signal_force(struct task *t, int n, const siginfo_t *info)
{
    struct process *p = t->process;
    spin_lock(&p->signals.lock);
    struct action *action = &p->signals.actions[n - 1];
    if ((t->blocked & signal_bit(n)) || action->handler == (uint64_t)(uintptr_t)SIG_IGN) {
        action->handler = 0;
        t->blocked &= ~signal_bit(n);
    }
    ignore(pending_add(&t->pending, n, info));
    spin_unlock(&p->signals.lock);
    task_notify(t);
}

void signal_take_outside(struct process *p)
{
    uint64_t set = platform_take_signals();
    for (int n = 1; set && n <= SIGNAL_COUNT; n++) {
        if (!(set & signal_bit(n)))
            continue;
        set &= ~signal_bit(n);
        siginfo_t info = {.si_signo = n, .si_code = SI_USER};
        ignore(signal_send(p, n, &info));
    }
}

bool signal_is_pending(struct task *t)
{
    uint64_t set = __atomic_load_n(&t->pending.set, __ATOMIC_RELAXED) |
                   __atomic_load_n(&t->process->signals.shared.set, __ATOMIC_RELAXED);
    return set & ~t->blocked;
}

/* Needs: signals.lock. */
static bool take_from(struct pending *p, int n, siginfo_t *info)
{
    if (!(p->set & signal_bit(n)))
        return false;
    bool found = false;
    bool more = false;
    *info = (siginfo_t){.si_signo = n};
    list_each(node, &p->queue)
    {
        struct queued *q = container_of(node, struct queued, node);
        if (q->info.si_signo != n)
            continue;
        if (found) {
            more = true;
            break;
        }
        *info = q->info;
        found = true;
        queued_free(q);
    }
    if (!more)
        p->set &= ~signal_bit(n);
    return true;
}

int signal_take(struct task *t, uint64_t set, siginfo_t *info)
{
    static const uint64_t FAULTS = 1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) |
                                   1ull << (SIGILL - 1) | 1ull << (SIGTRAP - 1) |
                                   1ull << (SIGFPE - 1) | 1ull << (SIGSYS - 1);
    struct signals *s = &t->process->signals;
    int taken = 0;
    spin_lock(&s->lock);
    uint64_t ready = (t->pending.set | s->shared.set) & set;
    if (ready) {
        uint64_t first = t->pending.set & ready & FAULTS;
        int n = __builtin_ctzll(first ? first : ready) + 1;
        if (take_from(&t->pending, n, info) || take_from(&s->shared, n, info))
            taken = n;
    }
    spin_unlock(&s->lock);
    return taken;
}

void signal_set_blocked(struct task *t, uint64_t blocked)
{
    blocked &= ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
    spin_lock(&t->process->signals.lock);
    t->blocked = blocked;
    spin_unlock(&t->process->signals.lock);
    if (signal_is_pending(t))
        t->thread->event = 1;
}

void signals_exec(struct task *t)
{
    struct signals *s = &t->process->signals;
    spin_lock(&s->lock);
    for (int n = 0; n < SIGNAL_COUNT; n++) {
        uint64_t keep =
            s->actions[n].handler == (uint64_t)(uintptr_t)SIG_IGN ? s->actions[n].handler : 0;
        s->actions[n] = (struct action){.handler = keep};
    }
    spin_unlock(&s->lock);
    t->altstack = (struct altstack){.flags = SS_DISABLE};
}
