/* SPDX-License-Identifier: Apache-2.0
 * deliver.c: on the way back to the application. */
#include <asm/errno.h>
#include <asm/signal.h>

#include "libos/lib/fmt.h"
#include "libos/lib/klib_raw.h"
#include "libos/task/task.h"

/* What becomes of a call that a handler interrupts: false when it is to start again after it. */
static bool gives_eintr(const struct task *t, const struct action *action)
{
    return t->restart_code != -ERESTARTSYS || !(action->flags & SA_RESTART);
}

static void run_handler(struct task *t, int n, const siginfo_t *info, const struct action *action)
{
    if (t->restart_code && gives_eintr(t, action))
        t->restart_code = 0; /* rax is -EINTR already */
    if (frame_push(t, n, info, action)) {
        siginfo_t fault = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
        if (n == SIGSEGV)
            process_exit(t->process, 128 + SIGSEGV);
        signal_force(t, SIGSEGV, &fault);
        return;
    }
    uint64_t blocked = t->blocked | action->mask;
    if (!(action->flags & SA_NODEFER))
        blocked |= signal_bit(n);
    t->restore_blocked = false;
    t->restart_code = 0; /* the frame has it */
    signal_set_blocked(t, blocked);
}

void signal_deliver(struct task *t)
{
    struct signals *s = &t->process->signals;
    siginfo_t info;
    int n;
    while ((n = signal_take(t, ~t->blocked, &info)) != 0) {
        spin_lock(&s->lock);
        struct action action = s->actions[n - 1];
        if (action.handler > 1 && (action.flags & SA_RESETHAND))
            s->actions[n - 1].handler = 0;
        spin_unlock(&s->lock);
        if (n == SIGKILL)
            process_exit(t->process, 128 + n);
        if (action.handler == (uint64_t)(uintptr_t)SIG_IGN)
            continue;
        if (action.handler) {
            run_handler(t, n, &info, &action);
            continue;
        }
        if (signal_default_ignored(n))
            continue;
        klog(LOG_DEBUG, "signal %d ends the process", n);
        process_exit(t->process, 128 + n);
    }
    if (t->restore_blocked) {
        t->restore_blocked = false;
        signal_set_blocked(t, t->saved_blocked);
    }
}
