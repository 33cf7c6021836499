/* SPDX-License-Identifier: Apache-2.0
 * lock_raw.h: a lock that needs neither libc nor thread-local storage, so that a trap handler may
 * take it, and the masking of signals around it.  No errno is touched. */
#ifndef CELLA_EMU_LOCK_RAW_H
#define CELLA_EMU_LOCK_RAW_H

#include <stdatomic.h>
#include <stdint.h>

struct emu_lock {
    _Atomic uint32_t state; /* 0 free, 1 taken, 2 taken and somebody sleeps */
};

void emu_lock_take(struct emu_lock *lock);
void emu_lock_drop(struct emu_lock *lock);

/* Blocks every signal but those an instruction raises itself (SEGV, BUS, ILL, FPE, TRAP, SYS), and
 * returns the mask to give back to emu_signals_restore(). */
uint64_t emu_signals_block(void);
void emu_signals_restore(uint64_t mask);

#endif
