/* SPDX-License-Identifier: Apache-2.0
 * enclu_accept.c: EACCEPT, EACCEPTCOPY and EMODPE, by which an enclave agrees to changes of its
 * pages.  [SDM3D 41.4] */
#include "emu/enclu.h"
#include "emu/fault.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/pages.h"
#include "emu/secinfo.h"
#include "emu/tcs.h"

/* Reads the SECINFO at RBX. */
static struct emu_outcome read_secinfo(struct emu_enclave *enclave, uint64_t addr,
                                       struct sgx_secinfo *secinfo)
{
    struct emu_outcome outcome = enclu_operand(enclave, addr, 64, SGX_SECINFO_R);
    if (outcome.faulted)
        return outcome;
    memcpy(secinfo, emu_enclave_alias(enclave, addr), sizeof *secinfo);
    return secinfo_reserved_is_zero(secinfo) ? outcome_ok() : outcome_gp();
}

static struct emu_outcome refuse_page(uint64_t addr, unsigned kind)
{
    return outcome_pf(addr, EMU_PF_SGX | EMU_PF_PRESENT | fault_access_bits(kind));
}

/* A page that becomes accessible does so in the real page tables as well. */
static void show(struct emu_enclave *enclave, uint64_t page)
{
    /* When the kernel has no memory for it, the first access faults and it is tried again. */
    ignore(pages_sync(enclave, page, page + SGX_PAGE_SIZE));
}

/* Which changes can be accepted at all. */
static bool acceptance_is_legal(const struct sgx_secinfo *s)
{
    unsigned type = secinfo_type(s);
    uint64_t state = s->flags & SGX_SECINFO_STATE;
    if (type == SGX_PT_REG)
        return state & (SGX_SECINFO_PR | SGX_SECINFO_PENDING) && !(state & SGX_SECINFO_MODIFIED);
    return (type == SGX_PT_TCS || type == SGX_PT_TRIM) && state == SGX_SECINFO_MODIFIED;
}

static bool settings_match(const struct emu_epcm *epcm, const struct sgx_secinfo *s)
{
    return epcm->pending == !!(s->flags & SGX_SECINFO_PENDING) &&
           epcm->modified == !!(s->flags & SGX_SECINFO_MODIFIED) && epcm->perm == secinfo_perm(s) &&
           epcm->type == secinfo_type(s);
}

struct emu_outcome enclu_eaccept(struct emu_enclave *enclave, const struct emu_regs *regs)
{
    struct sgx_secinfo secinfo;
    struct emu_outcome outcome = read_secinfo(enclave, regs->rbx, &secinfo);
    if (outcome.faulted)
        return outcome;
    uint64_t page = regs->rcx;
    struct emu_slot *slot = emu_slot_at(enclave, page);
    if (page % SGX_PAGE_SIZE || !slot)
        return outcome_gp();
    outcome = fault_walk(enclave, page, SGX_SECINFO_R);
    if (outcome.faulted)
        return outcome;
    if (!acceptance_is_legal(&secinfo))
        return outcome_gp();
    struct emu_epcm *epcm = &slot->epcm;
    if (!epcm->valid || epcm->blocked)
        return refuse_page(page, SGX_SECINFO_R);
    if (!settings_match(epcm, &secinfo))
        return outcome_error(SGX_PAGE_ATTRIBUTES_MISMATCH);
    if ((epcm->pr || epcm->modified) && !emu_tracked(enclave, slot->epoch))
        return outcome_error(SGX_NOT_TRACKED);
    if (epcm->type == SGX_PT_TCS &&
        !tcs_can_be_accepted(emu_page_alias(enclave, page), &enclave->secs))
        return outcome_gp();
    epcm->pending = false;
    epcm->modified = false;
    epcm->pr = false;
    show(enclave, page);
    return outcome_ok();
}

struct emu_outcome enclu_emodpe(struct emu_enclave *enclave, const struct emu_regs *regs)
{
    uint64_t page = regs->rcx;
    struct emu_slot *slot = emu_slot_at(enclave, page);
    if (regs->rbx % 64 || page % SGX_PAGE_SIZE || !emu_slot_at(enclave, regs->rbx) || !slot)
        return outcome_gp();
    struct sgx_secinfo secinfo;
    struct emu_outcome outcome = read_secinfo(enclave, regs->rbx, &secinfo);
    if (!outcome.faulted)
        outcome = fault_walk(enclave, page, SGX_SECINFO_R);
    if (outcome.faulted)
        return outcome;
    struct emu_epcm *epcm = &slot->epcm;
    if (!epcm->valid || epcm->pending || epcm->modified || epcm->blocked ||
        epcm->type != SGX_PT_REG)
        return refuse_page(page, SGX_SECINFO_R);
    uint8_t perm = epcm->perm | secinfo_perm(&secinfo);
    if (perm_is_write_only(perm))
        return outcome_gp();
    epcm->perm = perm;
    show(enclave, page);
    return outcome_ok();
}

/* The page that EACCEPTCOPY fills is as EAUG made it. */
static bool is_fresh(const struct emu_epcm *epcm)
{
    return epcm->valid && epcm->pending && !epcm->modified && !epcm->blocked &&
           epcm->type == SGX_PT_REG && epcm->perm == (SGX_SECINFO_R | SGX_SECINFO_W);
}

struct emu_outcome enclu_eacceptcopy(struct emu_enclave *enclave, const struct emu_regs *regs)
{
    uint64_t page = regs->rcx;
    struct emu_slot *slot = emu_slot_at(enclave, page);
    if (regs->rbx % 64 || page % SGX_PAGE_SIZE || regs->rdx % SGX_PAGE_SIZE)
        return outcome_gp();
    if (!emu_slot_at(enclave, regs->rbx) || !slot || !emu_slot_at(enclave, regs->rdx))
        return outcome_gp();
    struct sgx_secinfo secinfo;
    struct emu_outcome outcome = read_secinfo(enclave, regs->rbx, &secinfo);
    if (outcome.faulted)
        return outcome;
    if (perm_is_write_only(secinfo.flags) || secinfo_type(&secinfo) != SGX_PT_REG)
        return outcome_gp();
    outcome = enclu_operand(enclave, regs->rdx, SGX_PAGE_SIZE, SGX_SECINFO_R);
    if (!outcome.faulted)
        outcome = fault_walk(enclave, page, SGX_SECINFO_W);
    if (outcome.faulted)
        return outcome;
    if (!is_fresh(&slot->epcm))
        return outcome_error(SGX_PAGE_ATTRIBUTES_MISMATCH);
    memcpy(emu_page_alias(enclave, page), emu_page_alias(enclave, regs->rdx), SGX_PAGE_SIZE);
    slot->epcm.perm = secinfo_perm(&secinfo);
    slot->epcm.pending = false;
    show(enclave, page);
    return outcome_ok();
}
