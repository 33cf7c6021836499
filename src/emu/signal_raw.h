/* SPDX-License-Identifier: Apache-2.0
 * signal_raw.h: what signal.c and signal_raw.c have from each other. */
#ifndef CELLA_EMU_SIGNAL_RAW_H
#define CELLA_EMU_SIGNAL_RAW_H

#include "emu/thread.h"

/* signal.c: the two halves of the handler. */
void emu_signal_attached(struct emu_trap *trap);
void emu_signal_unattached(struct emu_trap *trap);

/* signal_raw.c */
uint64_t signal_handler_address(void);
uint64_t signal_restorer_address(void);
/* rt_sigaction(2) and the like, without errno; either pointer may be NULL. */
long signal_kernel_action(int signal, const struct emu_action *action, struct emu_action *old);
void signal_set_mask(uint64_t mask);
/* A line on stderr, without libc. */
void emu_say(const char *line);

/* Calls a handler where we stand; for threads without a block. */
void signal_call(const struct emu_action *action, struct emu_trap *trap);

/* Puts the real alternate stack into the frame that emu_frame_push() has just made, because the
 * kernel's own sigreturn will take it from there. */
void signal_keep_altstack(struct emu_trap *trap, const stack_t *real);

/* Does the default action of a signal that has arrived, and comes back if that lets the process
 * live. */
void emu_signal_default(int signal);

#endif
