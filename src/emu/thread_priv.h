/* SPDX-License-Identifier: Apache-2.0
 * thread_priv.h: the hidden registers of the emulated CPU and what the emulator knows about the
 * thread that runs on it.  Only the thread itself writes, in its handlers and in the fast stubs;
 * others read `inside` and `epoch`. */
#ifndef CELLA_EMU_THREAD_PRIV_H
#define CELLA_EMU_THREAD_PRIV_H

#include <stdatomic.h>
#include <stddef.h>

#include "emu/thread.h"
#include "emu/thread_layout.h"
#include "sgx/arch.h"

struct emu_slot;
struct fast_owner;

/* What the fast stubs need to know about the TCS that this thread has entered last; fast.h.  When
 * it is not empty, the thread's tcs and tcs_alias are of the same TCS. */
struct emu_fast_tcs {
    uint64_t tcs;   /* its address; 0: nothing known */
    uint64_t stamp; /* g_emu_map_stamp when the mappings were looked at */
    struct emu_enclave *enclave;
    struct sgx_tcs *alias;
    const struct emu_slot *tcs_slot;
    uint64_t tcs_word;               /* what *tcs_slot was */
    const struct emu_slot *ssa_slot; /* of frame 0; the others follow */
    struct sgx_gpr *gpr;             /* of frame 0; the others follow at one page each */
    uint64_t fs;
    uint64_t gs;
    uint64_t target;
    struct fast_owner *owner; /* where the exit stub looks up the GS base */
    const _Atomic uint32_t *epoch;
    uint64_t xfrm;
};

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
    uint64_t aep;           /* copy of the TCS's */
    _Atomic uint32_t epoch; /* of the enclave, when the thread entered it */
    bool dbgoptin;          /* CR_DBGOPTIN */
    bool save_tf;           /* CR_SAVE_TF */

    uint64_t scratch; /* of the stubs */
    uint64_t saved_rdx;
    uint64_t iret[5];
    uint64_t lazy_gs; /* a host's GS base that nobody misses: an exit stub leaves the enclave's */
    uint64_t unused[6];
    struct emu_fast_tcs fast;

    uint64_t guard_base; /* ELRANGE that the guard is armed for; empty at first */
    uint64_t guard_end;
    stack_t altstack; /* library mode: the program's own */
};

#define LAYOUT_AT(type, field, offset) \
    _Static_assert(offsetof(struct type, field) == (offset), "thread_layout.h: " #field)
#define THREAD_AT(field, offset) LAYOUT_AT(emu_thread, field, offset)
THREAD_AT(self, T_SELF);
THREAD_AT(fs, T_FS);
THREAD_AT(inside, T_INSIDE);
THREAD_AT(tcs, T_TCS);
THREAD_AT(tcs_alias, T_TCS_ALIAS);
THREAD_AT(gpr, T_GPR);
THREAD_AT(host_fs, T_HOST_FS);
THREAD_AT(host_gs, T_HOST_GS);
THREAD_AT(aep, T_AEP);
THREAD_AT(epoch, T_EPOCH);
THREAD_AT(dbgoptin, T_DEBUG);
THREAD_AT(save_tf, T_DEBUG + 1);
THREAD_AT(scratch, T_SCRATCH);
THREAD_AT(saved_rdx, T_SAVED_RDX);
THREAD_AT(iret, T_IRET);
THREAD_AT(lazy_gs, T_LAZY_GS);
THREAD_AT(fast.tcs, F_TCS);
THREAD_AT(fast.stamp, F_STAMP);
THREAD_AT(fast.enclave, F_ENCLAVE);
THREAD_AT(fast.alias, F_ALIAS);
THREAD_AT(fast.tcs_slot, F_TCS_SLOT);
THREAD_AT(fast.tcs_word, F_TCS_WORD);
THREAD_AT(fast.ssa_slot, F_SSA_SLOT);
THREAD_AT(fast.gpr, F_GPR);
THREAD_AT(fast.fs, F_FS);
THREAD_AT(fast.gs, F_GS);
THREAD_AT(fast.target, F_TARGET);
THREAD_AT(fast.owner, F_GS_OWNER);
THREAD_AT(fast.epoch, F_EPOCH);
THREAD_AT(fast.xfrm, F_XFRM);
LAYOUT_AT(sgx_tcs, state, TCS_STATE);
LAYOUT_AT(sgx_tcs, flags, TCS_FLAGS);
LAYOUT_AT(sgx_tcs, cssa, TCS_CSSA);
LAYOUT_AT(sgx_tcs, nssa, TCS_NSSA);
LAYOUT_AT(sgx_tcs, aep, TCS_AEP);
LAYOUT_AT(sgx_gpr, rcx, GPR_RCX);
LAYOUT_AT(sgx_gpr, rdx, GPR_RDX);
LAYOUT_AT(sgx_gpr, rbx, GPR_RBX);
LAYOUT_AT(sgx_gpr, rsp, GPR_RSP);
LAYOUT_AT(sgx_gpr, rbp, GPR_RBP);
LAYOUT_AT(sgx_gpr, rsi, GPR_RSI);
LAYOUT_AT(sgx_gpr, rdi, GPR_RDI);
LAYOUT_AT(sgx_gpr, r8, GPR_R8);
LAYOUT_AT(sgx_gpr, r15, GPR_R15);
LAYOUT_AT(sgx_gpr, rflags, GPR_RFLAGS);
LAYOUT_AT(sgx_gpr, rip, GPR_RIP);
LAYOUT_AT(sgx_gpr, ursp, GPR_URSP);
LAYOUT_AT(sgx_gpr, urbp, GPR_URBP);
LAYOUT_AT(sgx_gpr, fsbase, GPR_FSBASE);
LAYOUT_AT(sgx_gpr, gsbase, GPR_GSBASE);
_Static_assert(sizeof(struct sgx_gpr) == GPR_SIZE, "thread_layout.h");
_Static_assert(sizeof(struct emu_thread) <= EMU_BLOCK_OWNER, "struct emu_thread");
_Static_assert(EMU_BLOCK_SIZE == 1 << BLOCK_SIZE_LOG2, "thread_layout.h");

#endif
