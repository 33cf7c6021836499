/* SPDX-License-Identifier: Apache-2.0
 * fast_priv.h: what the files of the fast mode share. */
#ifndef CELLA_EMU_FAST_PRIV_H
#define CELLA_EMU_FAST_PRIV_H

#include <stddef.h>

#include "emu/fast.h"

/* The fast mode's part of an enclave. */
struct fast_enclave {
    struct fast_owner *owners; /* by page of the GS base */
    size_t owners_size;
    uint64_t stub;  /* address of the copy of fast_exit_begin, 0: none */
    size_t thunks;  /* bytes of the stub in use */
    unsigned sites; /* patched */
};

/* fast.S */
extern const char fast_exit_begin[], fast_exit_trap[], fast_exit_flags_in_ax[],
    fast_exit_flags_kept[], fast_exit_released[], fast_exit_flags_live[], fast_exit_slow[],
    fast_exit_slow_flags_live[], fast_exit_base[], fast_exit_size[], fast_exit_owners[],
    fast_exit_end[];

#define FAST_EXIT_SIZE (cpu_addr(fast_exit_end) - cpu_addr(fast_exit_begin))

/* enter.S */
extern const char emu_enter_enclu[], emu_enter_fast[], emu_fast_enter[], emu_fast_enter_known[],
    emu_fast_enter_tried[], emu_fast_enter_took[], emu_fast_enter_busy[], emu_fast_enter_early[],
    emu_fast_enter_end[], emu_fast_resume[], emu_fast_resume_known[], emu_fast_resume_tried[],
    emu_fast_resume_took[], emu_fast_resume_load[], emu_fast_resume_counted[],
    emu_fast_resume_busy[], emu_fast_resume_early[], emu_fast_resume_end[];

/* Signals that hit a stub, for the soak. */
struct fast_rolls {
    _Atomic uint64_t enter, resume, exit;
};
extern struct fast_rolls g_fast_rolls;

/* Sites of the enclave that were patched. */
unsigned fast_sites(const struct emu_enclave *enclave);

#endif
