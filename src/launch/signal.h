/* SPDX-License-Identifier: Apache-2.0
 * signal.h: the program's signals.  A signal that arrives is noted in the thread and delivered by
 * launch_restorer, when the launcher goes back to the program; so a handler of the program never
 * runs in the middle of the launcher. */
#ifndef CELLA_LAUNCH_SIGNAL_H
#define CELLA_LAUNCH_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "launch/thread.h"

struct kernel_context;

/* Takes over what the process had inherited and installs the launcher's own handlers. */
void signal_start(struct launch_process *p);

/* Notes one for delivery.  A fault cannot be blocked or ignored.  All signals but ours are blocked
 * meanwhile. */
void signal_note(struct launch_thread *t, const siginfo_t *info, bool is_fault);

/* A new signal mask of the program, from now on. */
void signal_change_mask(struct launch_thread *t, struct kernel_context *context, uint64_t mask);

/* The mask that the kernel gets for one that the program asks for. */
static inline uint64_t signal_real_mask(uint64_t mask)
{
    return mask & ~SIGNALS_OURS;
}

/* Called by launch_restorer: delivers what is noted into `context`, which is the program's. */
void launch_deliver_late(struct kernel_context *context);

/* rt_sigaction(2), for signals 1 to 64; both pointers may be NULL. */
int signal_action(struct launch_process *p, int signal, const struct emu_action *action,
                  struct emu_action *old) MUST_USE;

void process_lock(struct launch_process *p);
void process_unlock(struct launch_process *p);

/* Blocks all signals but ours; gives the old mask of the kernel.  The second brings it back. */
uint64_t signal_block_all(void);
void signal_restore(uint64_t mask);

#endif
