/* SPDX-License-Identifier: Apache-2.0
 * transit.c: see transit.h.  [SDM3D 41.4: EENTER, EEXIT, ERESUME] */
#include "emu/transit.h"

#include <stdatomic.h>

#include "emu/context.h"
#include "emu/cpu_raw.h"
#include "emu/fast.h"
#include "emu/fault.h"
#include "emu/guard.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/table.h"
#include "emu/thread_priv.h"
#include "emu/xstate.h"

/* Of RFLAGS what user mode may change, ERESUME loads.  IF and IOPL stay as they are. */
static const uint64_t g_flags_resumed =
    FLAGS_STATUS | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID;

/* A page that is not in the EPC: what the access of EENTER to it meets. */
static struct emu_outcome not_epc(uint64_t addr)
{
    uint32_t present = cpu_can_read(addr, 1) ? EMU_PF_PRESENT | EMU_PF_SGX : 0;
    return outcome_pf(addr, EMU_PF_USER | present);
}

static struct emu_outcome refused(uint64_t addr, uint32_t kind)
{
    return outcome_pf(addr, EMU_PF_SGX | EMU_PF_PRESENT | EMU_PF_USER | kind);
}

/* The page tables first, as for any access; then the EPCM. */
static struct emu_outcome check_tcs_page(struct emu_enclave *enclave, uint64_t addr)
{
    emu_table_lock();
    emu_lock_take(&enclave->lock);
    struct emu_outcome outcome = fault_walk(enclave, addr, SGX_SECINFO_W);
    emu_lock_drop(&enclave->lock);
    emu_table_unlock();
    if (outcome.faulted)
        return outcome;
    struct emu_epcm page = emu_epcm_peek(enclave, addr);
    if (!page.valid || page.blocked || page.type != SGX_PT_TCS || page.pending || page.modified)
        return refused(addr, 0);
    return outcome_ok();
}

static struct emu_outcome check_ssa_page(struct emu_enclave *enclave, uint64_t addr)
{
    struct emu_outcome fault;
    if (emu_enclave_at(addr) != enclave)
        return not_epc(addr);
    if (!emu_page_fault(enclave, addr, SGX_SECINFO_W, &fault))
        return fault;
    bool is_readable = emu_epcm_peek(enclave, addr).perm & SGX_SECINFO_R;
    return is_readable ? outcome_ok() : refused(addr, EMU_PF_WRITE);
}

/* The pages of a frame that are touched: XSAVE at its start, GPR at its end. */
static struct emu_outcome check_frame(struct emu_enclave *enclave, uint64_t frame)
{
    const struct sgx_secs *secs = emu_enclave_secs(enclave);
    uint64_t end = frame + xstate_size(secs->attributes.xfrm);
    for (uint64_t page = frame; page < end; page += SGX_PAGE_SIZE) {
        struct emu_outcome outcome = check_ssa_page(enclave, page);
        if (outcome.faulted)
            return outcome;
    }
    return check_ssa_page(enclave, frame + (secs->ssaframesize - 1ull) * SGX_PAGE_SIZE);
}

static bool tcs_is_legal(const struct sgx_tcs *tcs, const struct sgx_secs *secs)
{
    const uint64_t in_page = SGX_PAGE_SIZE - 1;
    bool is_debug = secs->attributes.flags & SGX_ATTR_DEBUG;
    return !(tcs->ossa & in_page) && !(tcs->ofsbase & in_page) && !(tcs->ogsbase & in_page) &&
           !(tcs->flags & ~SGX_TCS_DBGOPTIN) && (is_debug || !(tcs->flags & SGX_TCS_DBGOPTIN));
}

static bool enclave_is_enterable(const struct sgx_secs *secs)
{
    const uint64_t wanted = SGX_ATTR_INIT | SGX_ATTR_MODE64BIT;
    return (secs->attributes.flags & wanted) == wanted &&
           (secs->attributes.xfrm & ~cpu_xcr0()) == 0;
}

static bool find_target(struct transit_entry *entry, bool is_resume)
{
    const struct sgx_secs *secs = emu_enclave_secs(entry->enclave);
    entry->target = is_resume ? entry->gpr->rip : secs->base + entry->tcs->oentry;
    entry->fs = is_resume ? entry->gpr->fsbase : secs->base + entry->tcs->ofsbase;
    entry->gs = is_resume ? entry->gpr->gsbase : secs->base + entry->tcs->ogsbase;
    return cpu_is_canonical(entry->target) && cpu_is_canonical(entry->fs) &&
           cpu_is_canonical(entry->gs);
}

struct emu_outcome transit_check(struct transit_entry *entry, uint64_t tcs, uint64_t aep,
                                 bool is_resume)
{
    if (tcs % SGX_PAGE_SIZE)
        return outcome_gp();
    struct emu_enclave *enclave = emu_enclave_at(tcs);
    if (!enclave)
        return not_epc(tcs);
    if (!cpu_is_canonical(aep))
        return outcome_gp();
    struct emu_outcome outcome = check_tcs_page(enclave, tcs);
    if (outcome.faulted)
        return outcome;

    const struct sgx_secs *secs = emu_enclave_secs(enclave);
    *entry = (struct transit_entry){
        .enclave = enclave, .tcs_addr = tcs, .tcs = emu_enclave_alias(enclave, tcs)};
    uint32_t cssa = entry->tcs->cssa;
    if (!tcs_is_legal(entry->tcs, secs) || !enclave_is_enterable(secs))
        return outcome_gp();
    if (is_resume ? cssa == 0 : cssa >= entry->tcs->nssa)
        return outcome_gp();
    uint64_t frame_size = (uint64_t)secs->ssaframesize * SGX_PAGE_SIZE;
    uint64_t frame = secs->base + entry->tcs->ossa + frame_size * (is_resume ? cssa - 1 : cssa);
    outcome = check_frame(enclave, frame);
    if (outcome.faulted)
        return outcome;
    entry->gpr =
        (struct sgx_gpr *)emu_enclave_alias(enclave, frame + frame_size - sizeof(struct sgx_gpr));
    return find_target(entry, is_resume) ? outcome_ok() : outcome_gp();
}

static bool tcs_take(struct sgx_tcs *tcs)
{
    return !(__atomic_fetch_or(&tcs->state, 1, __ATOMIC_ACQUIRE) & 1);
}

static void tcs_drop(struct sgx_tcs *tcs)
{
    __atomic_store_n(&tcs->state, 0, __ATOMIC_RELEASE);
}

/* What EENTER and ERESUME share once nothing can fail any more. */
static void enclave_mode_begin(struct emu_trap *trap, const struct transit_entry *entry)
{
    struct emu_thread *t = trap->thread;
    ucontext_t *uc = trap->uc;
    t->tcs = entry->tcs_addr;
    t->tcs_alias = entry->tcs;
    t->gpr = entry->gpr;
    t->host_fs = trap->fs;
    t->host_gs = trap->gs;
    t->dbgoptin = entry->tcs->flags & SGX_TCS_DBGOPTIN;
    t->save_tf = context_get(uc, REG_EFL) & FLAG_TF;
    t->aep = context_get(uc, REG_RCX);
    t->epoch = atomic_load(&entry->enclave->entry_epoch);
    t->inside = entry->enclave;
    entry->tcs->aep = t->aep;
    entry->gpr->ursp = context_get(uc, REG_RSP);
    entry->gpr->urbp = context_get(uc, REG_RBP);
    trap->fs = entry->fs;
    trap->gs = entry->gs;
    fast_learn(t, entry);
    if (!t->dbgoptin)
        context_set(uc, REG_EFL, context_get(uc, REG_EFL) & ~(uint64_t)FLAG_TF);
}

void enclave_mode_end(struct emu_trap *trap)
{
    struct emu_thread *t = trap->thread;
    trap->fs = t->host_fs;
    trap->gs = t->host_gs;
    t->inside = NULL;
    tcs_drop(t->tcs_alias);
}

struct emu_outcome transit_enter(struct emu_trap *trap)
{
    ucontext_t *uc = trap->uc;
    struct transit_entry entry;
    struct emu_outcome outcome =
        transit_check(&entry, context_get(uc, REG_RBX), context_get(uc, REG_RCX), false);
    if (outcome.faulted)
        return outcome;
    if (!tcs_take(entry.tcs))
        return outcome_gp();
    guard_arm(trap->thread, entry.enclave);
    enclave_mode_begin(trap, &entry);
    context_set(uc, REG_RAX, entry.tcs->cssa);
    context_set(uc, REG_RCX, context_get(uc, REG_RIP) + ENCLU_SIZE);
    context_set(uc, REG_RIP, entry.target);
    return outcome_ok();
}

struct emu_outcome transit_resume(struct emu_trap *trap)
{
    ucontext_t *uc = trap->uc;
    struct transit_entry entry;
    struct emu_outcome outcome =
        transit_check(&entry, context_get(uc, REG_RBX), context_get(uc, REG_RCX), true);
    if (outcome.faulted)
        return outcome;
    if (!tcs_take(entry.tcs))
        return outcome_gp();
    const struct sgx_secs *secs = emu_enclave_secs(entry.enclave);
    uint8_t *fpstate = context_fpstate(uc);
    const uint8_t *saved = (uint8_t *)(entry.gpr + 1) - (size_t)secs->ssaframesize * SGX_PAGE_SIZE;
    if (!xstate_is_legal(saved, secs->attributes.xfrm, xstate_mxcsr_mask(fpstate))) {
        tcs_drop(entry.tcs);
        return outcome_gp();
    }
    guard_arm(trap->thread, entry.enclave);
    enclave_mode_begin(trap, &entry);
    xstate_load(fpstate, saved, secs->attributes.xfrm);
    gpr_load(uc, entry.gpr);
    uint64_t taken = g_flags_resumed | (trap->thread->dbgoptin ? FLAG_TF : 0);
    context_set(uc, REG_EFL, (context_get(uc, REG_EFL) & ~taken) | (entry.gpr->rflags & taken));
    entry.tcs->cssa--;
    return outcome_ok();
}

struct emu_outcome transit_exit(struct emu_trap *trap)
{
    struct emu_thread *t = trap->thread;
    ucontext_t *uc = trap->uc;
    uint64_t target = context_get(uc, REG_RBX);
    if (!cpu_is_canonical(target))
        return outcome_gp();
    context_set(uc, REG_RCX, t->tcs_alias->aep);
    context_set(uc, REG_RIP, target);
    if (!t->dbgoptin && t->save_tf)
        context_set(uc, REG_EFL, context_get(uc, REG_EFL) | FLAG_TF);
    enclave_mode_end(trap);
    return outcome_ok();
}
