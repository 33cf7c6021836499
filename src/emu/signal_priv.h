/* SPDX-License-Identifier: Apache-2.0
 * signal_priv.h: signals in library mode, and what frame and trap code share. */
#ifndef CELLA_EMU_SIGNAL_PRIV_H
#define CELLA_EMU_SIGNAL_PRIV_H

#include <string.h>

#include "emu/thread.h"

enum { EMU_SIGNAL_COUNT = 64 };

#define EMU_SIGNAL_BIT(signal) (1ull << ((signal)-1))

/* What an instruction raises.  Never blocked while a thread may enter an enclave: the kernel ends a
 * process whose thread raises a blocked one. */
#define EMU_SIGNALS_OURS                                                         \
    (EMU_SIGNAL_BIT(SIGSYS) | EMU_SIGNAL_BIT(SIGSEGV) | EMU_SIGNAL_BIT(SIGILL) | \
     EMU_SIGNAL_BIT(SIGBUS) | EMU_SIGNAL_BIT(SIGTRAP) | EMU_SIGNAL_BIT(SIGFPE))

/* uc_sigmask as the kernel has it: eight bytes. */
static inline uint64_t emu_uc_mask(const ucontext_t *uc)
{
    uint64_t mask;
    memcpy(&mask, &uc->uc_sigmask, sizeof mask);
    return mask;
}

static inline void emu_uc_set_mask(ucontext_t *uc, uint64_t mask)
{
    memcpy(&uc->uc_sigmask, &mask, sizeof mask);
}

/* Library mode: the calling thread's block, NULL before it is attached.  Not from a handler that
 * may have interrupted an enclave. */
struct emu_thread *emu_thread_self(void);

/* Library mode: the same as emu_thread_attach(), but from the handler of a signal that an
 * instruction outside raised; a stub brings the alternate stack in before that instruction runs
 * again.  False when there is no memory, or when the thread was attached and something has replaced
 * its alternate stack since. */
bool emu_thread_attach_late(ucontext_t *uc);

/* Library mode: makes the emulator's handler the kernel's for the signals that instructions raise.
 */
int emu_signals_start(struct err *e) MUST_USE;

/* Ends the process as the default action of `signal` does, core dump included. */
_Noreturn void emu_signal_die(int signal);

/* enter.S: what a handler returns to; rt_sigreturn(2). */
void emu_restorer(void);
void emu_attach_stub(void);

#endif
