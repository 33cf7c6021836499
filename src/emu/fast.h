/* SPDX-License-Identifier: Apache-2.0
 * fast.h: the fast mode: transitions by jumps (fast.S), without a trap.
 *
 * EENTER and ERESUME of emu_enter() check what the trap handler checks, by comparing with what it
 * found when this thread last entered the same TCS through it; anything unexpected goes to the real
 * ENCLU.  EEXIT sites of an enclave become jumps to a stub close to it when EINIT succeeds:
 *   ENCLU followed by UD2, which is how our images write EEXIT: both are replaced;
 *   `mov $4, %eax` or `mov $4, %rax` directly before ENCLU: the mov is replaced, ENCLU stays.
 * The stub finds the thread by the GS base, so an enclave whose TCSs share one, or which leaves
 * with another GS base than it was entered with, keeps trapping.  The patched bytes are visible to
 * code that reads them; MRENCLAVE is not affected.
 *
 * Windows.  A signal inside a stub must not see it half done (fast_roll()): entry and resume are
 * taken back to the ENCLU, an exit is completed. */
#ifndef CELLA_EMU_FAST_H
#define CELLA_EMU_FAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct emu_enclave;
struct emu_thread;
struct emu_trap;
struct transit_entry;

/* Which thread is inside with a GS base, and for which TCS alone that base is. */
struct fast_owner {
    struct emu_thread *_Atomic thread;
    _Atomic uint64_t tcs;
};

/* Switches the mode on for enclaves that are initialised from now on. */
void fast_start(bool on, bool verbose);

/* Library mode: emu_enter() is called under the library's own FS base. */
void fast_use_tls(void);

/* Counts changes to the program's mappings of enclaves.  Needs: nothing. */
void fast_mappings_changed(void);

/* Patches an enclave that was just initialised.  Does nothing when the mode is off, or when there
 * is no room for a stub within 2 GiB of its code.  Nobody is inside. */
void fast_prepare(struct emu_enclave *enclave);
void fast_forget(struct emu_enclave *enclave);

/* After EENTER or ERESUME by trap: makes the next ones fast, if they may be, and lets the exit stub
 * find the thread. */
void fast_learn(struct emu_thread *thread, const struct transit_entry *entry);

/* First thing in every trap: a context inside a stub becomes one before or behind it.  True when
 * the trap is thereby done with, because a fault in the stub is repeated by the real ENCLU. */
bool fast_roll(struct emu_trap *trap, bool is_fault);

#endif
