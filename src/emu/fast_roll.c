/* SPDX-License-Identifier: Apache-2.0
 * fast_roll.c: a signal or fault that hits a stub of the fast mode.
 *
 * Entry (enter.S): taken back to the ENCLU with RAX = 2.  From `took` on the TCS is ours and FS or
 * GS may be the enclave's; at `tried` the carry flag says whose it is; RBX is the TCS before
 * `known` and from `early` on. Resume (enter.S): taken back to the AEP with RAX = 3; nothing in the
 * SSA frame has changed.  From `counted` on CSSA is one less and the registers are the enclave's,
 * piece by piece. Exit (fast.S, a copy): completed, as if EEXIT had been one instruction; from
 * where the thread is no longer inside, what is left of it.  On the slow side: goes on at the
 * stub's own ENCLU, still inside.
 *
 * A fault in a stub (XRSTOR refuses, the program put nonsense into GS) is taken back likewise, and
 * the real ENCLU then finds out what is wrong. */
#include "emu/context.h"
#include "emu/cpu_raw.h"
#include "emu/fast_priv.h"
#include "emu/guard.h"
#include "emu/model_priv.h"
#include "emu/thread_priv.h"
#include "emu/transit.h"
#include "emu/xstate.h"

struct fast_rolls g_fast_rolls;

static bool within(uint64_t rip, const char *from, const char *to)
{
    return rip >= cpu_addr(from) && rip < cpu_addr(to);
}

/* Gives the TCS back after a take that did not become an entry. */
static void give_back(struct emu_trap *trap)
{
    struct emu_thread *t = trap->thread;
    trap->fs = t->host_fs;
    trap->gs = t->host_gs;
    __atomic_store_n(&t->tcs_alias->state, 0, __ATOMIC_RELEASE);
}

/* At the instruction after LOCK BTS, or further. */
static bool took(const struct emu_trap *trap, const char *tried, const char *busy)
{
    uint64_t rip = context_get(trap->uc, REG_RIP);
    if (rip == cpu_addr(tried))
        return !(context_get(trap->uc, REG_EFL) & FLAG_CF);
    return within(rip, tried, busy);
}

static void set_leaf(struct emu_trap *trap, uint32_t leaf, const char *rip)
{
    context_set(trap->uc, REG_RAX, leaf);
    context_set(trap->uc, REG_RCX, cpu_addr(emu_enter_fast));
    context_set(trap->uc, REG_RIP, cpu_addr(rip));
}

static void roll_enter(struct emu_trap *trap)
{
    struct emu_thread *t = trap->thread;
    uint64_t rip = context_get(trap->uc, REG_RIP);
    g_fast_rolls.enter++;
    if (took(trap, emu_fast_enter_tried, emu_fast_enter_busy))
        give_back(trap);
    if (within(rip, emu_fast_enter_known, emu_fast_enter_early)) {
        t->inside = NULL;
        context_set(trap->uc, REG_RBX, t->fast.tcs);
    }
    set_leaf(trap, SGX_EENTER, emu_enter_enclu);
}

/* The registers between `counted` and the end are a mixture: they become what AEX leaves. */
static void clear_mixture(ucontext_t *uc)
{
    static const int regs[] = {REG_RDX, REG_RSI, REG_RDI, REG_R8,  REG_R9, REG_R10,
                               REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (size_t i = 0; i < sizeof regs / sizeof *regs; i++)
        context_set(uc, regs[i], 0);
}

static void roll_resume(struct emu_trap *trap, bool is_fault)
{
    struct emu_thread *t = trap->thread;
    ucontext_t *uc = trap->uc;
    uint64_t rip = context_get(uc, REG_RIP);
    g_fast_rolls.resume++;
    if (took(trap, emu_fast_resume_tried, emu_fast_resume_busy)) {
        if (within(rip, emu_fast_resume_took, emu_fast_resume_counted))
            context_set(uc, REG_RDX, t->saved_rdx);
        if (within(rip, emu_fast_resume_load, emu_fast_resume_busy) && !is_fault)
            xstate_reset(context_fpstate(uc), t->fast.xfrm);
        if (within(rip, emu_fast_resume_counted, emu_fast_resume_busy)) {
            t->tcs_alias->cssa++;
            clear_mixture(uc);
            context_set(uc, REG_RSP, t->gpr->ursp);
            context_set(uc, REG_RBP, t->gpr->urbp);
        }
        give_back(trap);
    }
    if (within(rip, emu_fast_resume_known, emu_fast_resume_early)) {
        t->inside = NULL;
        context_set(uc, REG_RBX, t->fast.tcs);
    }
    set_leaf(trap, SGX_ERESUME, is_fault ? emu_enter_enclu : emu_enter_fast);
}

/* Flags as LAHF and SETO put them into AX; ADD $127 may have run over AL. */
static void flags_from_ax(ucontext_t *uc, uint64_t ax)
{
    const uint64_t in_ah = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF;
    uint8_t al = (uint8_t)ax;
    uint64_t flags = context_get(uc, REG_EFL) & ~(uint64_t)FLAGS_STATUS;
    flags |= ax >> 8 & in_ah;
    if (al == 1 || al == 128)
        flags |= FLAG_OF;
    context_set(uc, REG_EFL, flags);
}

/* The thread is outside already; `released` says that its TCS is, too. */
static void finish_exit(struct emu_trap *trap, bool released)
{
    struct emu_thread *t = trap->thread;
    trap->fs = t->host_fs;
    trap->gs = t->host_gs;
    if (!released)
        __atomic_store_n(&t->tcs_alias->state, 0, __ATOMIC_RELEASE);
    context_set(trap->uc, REG_RCX, t->aep);
    context_set(trap->uc, REG_RIP, context_get(trap->uc, REG_RBX));
}

/* `at` is the place in the template that the RIP in the copy corresponds to. */
static void roll_exit(struct emu_trap *trap, uint64_t stub, uint64_t at)
{
    struct emu_thread *t = trap->thread;
    ucontext_t *uc = trap->uc;
    uint64_t rax = context_get(uc, REG_RAX);
    g_fast_rolls.exit++;
    if (within(at, fast_exit_flags_in_ax, fast_exit_flags_kept) ||
        within(at, fast_exit_slow, fast_exit_slow_flags_live))
        flags_from_ax(uc, rax);
    else if (within(at, fast_exit_flags_kept, fast_exit_flags_live))
        flags_from_ax(uc, t->scratch);
    bool is_other = at < cpu_addr(fast_exit_trap) && rax != SGX_EEXIT;
    if (!is_other)
        context_set(uc, REG_RAX, SGX_EEXIT);
    if (!t->inside && at >= cpu_addr(fast_exit_flags_kept) && at < cpu_addr(fast_exit_slow)) {
        finish_exit(trap, at >= cpu_addr(fast_exit_released));
        return;
    }
    bool is_slow = is_other || at >= cpu_addr(fast_exit_slow) || !t->inside;
    if (is_slow || transit_exit(trap).faulted) {
        context_set(uc, REG_RCX, 0);
        context_set(uc, REG_RIP, stub + (cpu_addr(fast_exit_trap) - cpu_addr(fast_exit_begin)));
    }
}

static bool roll_stub(struct emu_trap *trap)
{
    struct emu_thread *t = trap->thread;
    struct emu_enclave *enclave = t->tcs ? emu_enclave_at(t->tcs) : NULL;
    const struct fast_enclave *fast = enclave ? enclave->fast : NULL;
    if (!fast || !fast->stub)
        return false;
    uint64_t offset = context_get(trap->uc, REG_RIP) - fast->stub;
    uint64_t enclu = cpu_addr(fast_exit_trap) - cpu_addr(fast_exit_begin);
    if (offset >= fast->thunks || offset == enclu || offset == enclu + ENCLU_SIZE)
        return false;
    if (offset >= FAST_EXIT_SIZE) { /* a thunk: `mov $4, %eax` has run, or is about to */
        context_set(trap->uc, REG_RAX, SGX_EEXIT);
        offset = 0;
    }
    roll_exit(trap, fast->stub, cpu_addr(fast_exit_begin) + offset);
    return true;
}

bool fast_roll(struct emu_trap *trap, bool is_fault)
{
    uint64_t rip = context_get(trap->uc, REG_RIP);
    if (within(rip, emu_enter_fast, emu_fast_enter)) /* RAX, RBX and RCX are as they came */
        return false;
    if (within(rip, emu_fast_enter, emu_fast_enter_end))
        roll_enter(trap);
    else if (within(rip, emu_fast_resume, emu_fast_resume_end))
        roll_resume(trap, is_fault);
    else if (!roll_stub(trap))
        return false;
    return is_fault;
}
