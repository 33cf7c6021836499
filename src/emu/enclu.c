/* SPDX-License-Identifier: Apache-2.0
 * enclu.c: see enclu.h; the way in from the trap handler. */
#include "emu/enclu.h"

#include "emu/fault.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/table.h"

struct emu_outcome enclu_operand(struct emu_enclave *enclave, uint64_t addr, uint64_t alignment,
                                 unsigned kind)
{
    const struct emu_slot *slot = emu_slot_at(enclave, addr);
    if (addr % alignment || !slot)
        return outcome_gp();
    struct emu_outcome outcome = fault_walk(enclave, addr, kind);
    if (outcome.faulted)
        return outcome;
    const struct emu_epcm *epcm = &slot->epcm;
    if (!epcm->valid || epcm->blocked || epcm->pending || epcm->modified ||
        epcm->type != SGX_PT_REG || !(epcm->perm & kind))
        return outcome_pf(addr, EMU_PF_SGX | EMU_PF_PRESENT | fault_access_bits(kind));
    return outcome_ok();
}

static struct emu_outcome dispatch(struct emu_enclave *enclave, enum sgx_enclu leaf,
                                   const struct emu_regs *regs)
{
    switch (leaf) {
    case SGX_EREPORT:
        return enclu_ereport(enclave, regs);
    case SGX_EGETKEY:
        return enclu_egetkey(enclave, regs);
    case SGX_EACCEPT:
        return enclu_eaccept(enclave, regs);
    case SGX_EMODPE:
        return enclu_emodpe(enclave, regs);
    case SGX_EACCEPTCOPY:
        return enclu_eacceptcopy(enclave, regs);
    default: /* no such leaf, or EENTER and ERESUME, which are for outside */
        return outcome_gp();
    }
}

struct emu_outcome emu_enclu(struct emu_enclave *enclave, enum sgx_enclu leaf,
                             struct emu_regs *regs)
{
    emu_table_lock();
    emu_lock_take(&enclave->lock);
    struct emu_outcome outcome = dispatch(enclave, leaf, regs);
    emu_lock_drop(&enclave->lock);
    emu_table_unlock();
    bool has_code = leaf == SGX_EGETKEY || leaf == SGX_EACCEPT || leaf == SGX_EACCEPTCOPY;
    if (!outcome.faulted && has_code)
        regs->rax = outcome.rax;
    return outcome;
}
