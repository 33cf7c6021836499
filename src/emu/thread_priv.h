/* SPDX-License-Identifier: Apache-2.0
 * thread_priv.h: the hidden registers of the emulated CPU and what the emulator knows about the
 * thread that runs on it.  Only the thread itself writes, in its handlers and in the fast stubs;
 * others read `inside` and nothing else. */
#ifndef CELLA_EMU_THREAD_PRIV_H
#define CELLA_EMU_THREAD_PRIV_H

#include <stdatomic.h>
#include <stddef.h>

#include "emu/thread.h"
#include "emu/thread_layout.h"
#include "sgx/arch.h"

struct emu_fast_tcs;

struct emu_thread {
    uint64_t self; /* the block's address */
    uint64_t fs;   /* FS base of handlers */

    /* Enclave mode.  [SDM3D 37.5] */
    struct emu_enclave *_Atomic inside; /* CR_ENCLAVE_MODE and CR_ACTIVE_SECS */
    uint64_t tcs;                       /* CR_TCS_LA */
    struct sgx_tcs *tcs_alias;          /* CR_TCS_PA */
    struct sgx_gpr *gpr;                /* CR_GPR_PA: of the frame that an AEX would write */
    uint64_t host_fs;                   /* CR_SAVE_FS base */
    uint64_t host_gs;

    /* Fast mode, fast.h. */
    struct emu_fast_tcs *fast; /* what the stubs need to know about fast_tcs */
    uint64_t fast_tcs;         /* the TCS that `fast` describes */
    uint64_t fast_stamp;       /* emu_epcm_stamp() when its pages were checked */
    uint64_t scratch;
    uint64_t saved_r10;
    uint64_t saved_r11;
    uint64_t phase;
    uint64_t unused1;
    uint64_t iret[5];
    uint64_t unused2;

    unsigned ticket;     /* of emu_enclave_entered() */
    bool dbgoptin;       /* CR_DBGOPTIN */
    bool save_tf;        /* CR_SAVE_TF */
    bool attached;       /* library mode: the altstack below is the program's */
    uint64_t guard_base; /* ELRANGE that the guard is armed for; empty at first */
    uint64_t guard_end;
    stack_t altstack; /* library mode: the program's own */
};

#define THREAD_AT(field, offset) \
    _Static_assert(offsetof(struct emu_thread, field) == (offset), "thread_layout.h: " #field)
THREAD_AT(self, T_SELF);
THREAD_AT(fs, T_FS);
THREAD_AT(inside, T_INSIDE);
THREAD_AT(tcs, T_TCS);
THREAD_AT(tcs_alias, T_TCS_ALIAS);
THREAD_AT(gpr, T_GPR);
THREAD_AT(host_fs, T_HOST_FS);
THREAD_AT(host_gs, T_HOST_GS);
THREAD_AT(fast, T_FAST);
THREAD_AT(fast_tcs, T_FAST_TCS);
THREAD_AT(fast_stamp, T_FAST_STAMP);
THREAD_AT(scratch, T_SCRATCH);
THREAD_AT(saved_r10, T_SAVED_R10);
THREAD_AT(saved_r11, T_SAVED_R11);
THREAD_AT(phase, T_PHASE);
THREAD_AT(iret, T_IRET);
_Static_assert(sizeof(struct emu_thread) <= EMU_BLOCK_OWNER, "struct emu_thread");

#endif
