/* SPDX-License-Identifier: Apache-2.0
 * signal.c: the program's signals in library mode.  The kernel has the emulator's handler wherever
 * the program has one; what the program asked for stands in g_actions.  A signal is delivered by a
 * frame on the program's stack, so the emulator's handler has ended before the program's begins:
 * handlers may nest, leave by longjmp and edit their context; the kernel's own rt_sigreturn takes
 * the frame back. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "emu/emu.h"
#include "emu/guard.h"
#include "emu/lock_raw.h"
#include "emu/signal_priv.h"
#include "emu/signal_raw.h"
#include "emu/thread_priv.h"
#include "emu/trap.h"

#define KERNEL_SA_RESTORER 0x04000000ull
#define KERNEL_SA_ONSTACK 0x08000000ull
#define KERNEL_SA_SIGINFO 0x4ull
#define KERNEL_SA_NODEFER 0x40000000ull
#define KERNEL_SA_RESETHAND 0x80000000ull
/* What the kernel must know of the program's flags. */
#define KERNEL_SA_PASSED (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT)

enum { HANDLER_DFL = 0, HANDLER_IGN = 1, FIRST_LIBC_SIGNAL = 32, LAST_LIBC_SIGNAL = 33 };

static struct emu_action g_actions[EMU_SIGNAL_COUNT + 1]; /* guarded by g_lock */
static struct emu_lock g_lock;                            /* taken with all signals blocked */

static bool is_ours(int signal)
{
    return EMU_SIGNAL_BIT(signal) & EMU_SIGNALS_OURS;
}

static struct emu_action kernel_side(int signal, const struct emu_action *wanted)
{
    bool has_handler = wanted->handler > HANDLER_IGN;
    if (!has_handler && !is_ours(signal))
        return *wanted;
    return (struct emu_action){
        .handler = signal_handler_address(),
        .flags = KERNEL_SA_SIGINFO | KERNEL_SA_ONSTACK | KERNEL_SA_RESTORER |
                 (has_handler ? wanted->flags & KERNEL_SA_PASSED : SA_RESTART),
        .restorer = signal_restorer_address(),
        .mask = ~0ull,
    };
}

/* Needs: g_lock. */
static int action_set(int signal, const struct emu_action *wanted)
{
    struct emu_action kernel = kernel_side(signal, wanted);
    int rc = (int)signal_kernel_action(signal, &kernel, NULL);
    if (rc == 0)
        g_actions[signal] = *wanted;
    return rc;
}

/* Needs: g_lock.  A signal that nobody has asked about yet is as the kernel has it. */
static struct emu_action action_get(int signal)
{
    struct emu_action kernel = {0};
    ignore(signal_kernel_action(signal, NULL, &kernel));
    return kernel.handler == signal_handler_address() ? g_actions[signal] : kernel;
}

static struct emu_action action_from(const struct sigaction *action)
{
    struct emu_action out = {
        .handler = (uint64_t)(uintptr_t)action->sa_handler,
        .flags = (uint32_t)action->sa_flags | KERNEL_SA_RESTORER,
        .restorer = signal_restorer_address(),
    };
    memcpy(&out.mask, &action->sa_mask, sizeof out.mask);
    return out;
}

static void action_to(struct sigaction *out, const struct emu_action *action)
{
    *out = (struct sigaction){.sa_flags = (int)(action->flags & ~KERNEL_SA_RESTORER)};
    memcpy(&out->sa_handler, &action->handler, sizeof out->sa_handler);
    memcpy(&out->sa_mask, &action->mask, sizeof action->mask);
}

int emu_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    if (signal < 1 || signal > EMU_SIGNAL_COUNT || signal == FIRST_LIBC_SIGNAL ||
        signal == LAST_LIBC_SIGNAL)
        return -EINVAL;
    if (action && (signal == SIGKILL || signal == SIGSTOP))
        return -EINVAL;
    int rc = 0;
    uint64_t mask = emu_signals_block();
    emu_lock_take(&g_lock);
    struct emu_action before = action_get(signal);
    if (action) {
        struct emu_action wanted = action_from(action);
        rc = action_set(signal, &wanted);
    }
    emu_lock_drop(&g_lock);
    emu_signals_restore(mask);
    if (rc == 0 && old)
        action_to(old, &before);
    return rc;
}

int emu_signals_start(struct err *e)
{
    int rc = 0;
    uint64_t mask = emu_signals_block();
    emu_lock_take(&g_lock);
    for (int signal = 1; signal <= EMU_SIGNAL_COUNT && rc == 0; signal++) {
        if (!is_ours(signal))
            continue;
        struct emu_action before = action_get(signal);
        rc = action_set(signal, &before);
    }
    emu_lock_drop(&g_lock);
    emu_signals_restore(mask);
    return rc ? fail(e, rc, "emu: rt_sigaction: %s", strerror(-rc)) : 0;
}

/* The action for a signal that has arrived; SA_RESETHAND takes its effect. */
static struct emu_action action_take(int signal)
{
    emu_lock_take(&g_lock);
    struct emu_action action = g_actions[signal];
    if (action.handler > HANDLER_IGN && action.flags & KERNEL_SA_RESETHAND) {
        struct emu_action reset = {.handler = HANDLER_DFL};
        ignore(action_set(signal, &reset));
    }
    emu_lock_drop(&g_lock);
    return action;
}

/* SIG_DFL and SIG_IGN of what the kernel gave to our handler all the same. */
static void without_handler(const struct emu_trap *trap, const struct emu_action *action)
{
    if (emu_trap_is_fault(trap))
        emu_signal_die(trap->signal); /* a fault cannot be ignored */
    if (action->handler == HANDLER_IGN)
        return;
    if (is_ours(trap->signal))
        emu_signal_die(trap->signal);
    emu_signal_default(trap->signal);
}

static void deliver(struct emu_trap *trap)
{
    struct emu_action action = action_take(trap->signal);
    if (action.handler <= HANDLER_IGN) {
        without_handler(trap, &action);
        return;
    }
    stack_t real = trap->uc->uc_stack;
    struct emu_signal_state state = {.blocked = emu_uc_mask(trap->uc),
                                     .altstack = trap->thread->altstack};
    if (!emu_frame_push(trap, &action, &state))
        emu_signal_die(SIGSEGV);
    signal_keep_altstack(trap, &real);
    emu_uc_set_mask(trap->uc, state.blocked & ~EMU_SIGNALS_OURS);
}

void emu_signal_attached(struct emu_trap *trap)
{
    int saved = errno;
    if (emu_trap_handle(trap) == EMU_DELIVER) {
        if (guard_caught(trap))
            guard_pass(trap);
        else if (!guard_cpuid(trap))
            deliver(trap);
    }
    errno = saved;
}

/* An ENCLU of a thread that has no block yet: it gets one, and the instruction runs again. */
static void attach_late(struct emu_trap *trap)
{
    if (emu_thread_attach_late(trap->uc))
        return;
    emu_say("emu: a thread cannot enter an enclave: no memory for it is left, or its alternate "
            "signal stack was replaced after its first entry\n");
    emu_signal_die(trap->signal);
}

void emu_signal_unattached(struct emu_trap *trap)
{
    int saved = errno;
    if (guard_caught(trap)) {
        guard_pass(trap);
    } else if (emu_trap_is_fault(trap) && emu_trap_at_enclu(trap)) {
        attach_late(trap);
    } else if (!guard_cpuid(trap)) {
        struct emu_action action = action_take(trap->signal);
        uint64_t mask = emu_uc_mask(trap->uc) | action.mask;
        if (!(action.flags & KERNEL_SA_NODEFER))
            mask |= EMU_SIGNAL_BIT(trap->signal);
        if (action.handler <= HANDLER_IGN) {
            without_handler(trap, &action);
        } else {
            signal_set_mask(mask & ~EMU_SIGNALS_OURS);
            signal_call(&action, trap);
        }
    }
    errno = saved;
}
