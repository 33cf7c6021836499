/* SPDX-License-Identifier: Apache-2.0
 * encls_modify.c: the ENCLS leaves that change pages of an enclave: EAUG, EMODPR, EMODT, EREMOVE,
 * EBLOCK, ETRACK.  [SDM3D 41.3] */
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/secinfo.h"

struct emu_outcome encls_eaug(struct emu_enclave *enclave, const struct emu_pageinfo *info)
{
    /* A SECINFO is for shadow stacks only, which come with CET and are not enumerated. */
    if (info->linaddr % SGX_PAGE_SIZE || info->srcpge || info->secinfo)
        return outcome_gp();
    struct emu_slot *slot = emu_slot_at(enclave, info->linaddr);
    if (slot && slot->epcm.valid)
        return outcome_epcm(info->linaddr);
    if (!enclave->created)
        return outcome_epcm(0);
    if (!emu_enclave_initialised(enclave) || !slot)
        return outcome_gp();
    emu_chunks_use(enclave, (info->linaddr - enclave->base) / SGX_PAGE_SIZE, 1);
    slot->epcm = (struct emu_epcm){
        .valid = true, .type = SGX_PT_REG, .perm = SGX_SECINFO_R | SGX_SECINFO_W, .pending = true};
    enclave->child_count++;
    return outcome_ok();
}

struct emu_outcome encls_emodpr(struct emu_enclave *enclave, uint64_t linaddr,
                                const struct sgx_secinfo *secinfo)
{
    if ((uintptr_t)secinfo % 64 || linaddr % SGX_PAGE_SIZE)
        return outcome_gp();
    if (!secinfo_reserved_is_zero(secinfo) || perm_is_write_only(secinfo->flags))
        return outcome_gp();
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot || !slot->epcm.valid)
        return outcome_epcm(linaddr);
    if (slot->epcm.pending || slot->epcm.modified)
        return outcome_error(SGX_PAGE_NOT_MODIFIABLE);
    if (slot->epcm.type != SGX_PT_REG)
        return outcome_epcm(linaddr);
    if (!emu_enclave_initialised(enclave))
        return outcome_gp();
    slot->epcm.pr = true;
    slot->epcm.perm &= secinfo_perm(secinfo);
    slot->epoch = enclave->epoch;
    return outcome_ok();
}

struct emu_outcome encls_emodt(struct emu_enclave *enclave, uint64_t linaddr,
                               const struct sgx_secinfo *secinfo)
{
    if ((uintptr_t)secinfo % 64 || linaddr % SGX_PAGE_SIZE)
        return outcome_gp();
    unsigned type = secinfo_type(secinfo);
    if (!secinfo_reserved_is_zero(secinfo) || (type != SGX_PT_TCS && type != SGX_PT_TRIM))
        return outcome_gp();
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot || !slot->epcm.valid)
        return outcome_epcm(linaddr);
    if (slot->epcm.type != SGX_PT_REG && !(slot->epcm.type == SGX_PT_TCS && type == SGX_PT_TRIM))
        return outcome_epcm(linaddr);
    if (slot->epcm.pending || slot->epcm.modified)
        return outcome_error(SGX_PAGE_NOT_MODIFIABLE);
    if (!emu_enclave_initialised(enclave))
        return outcome_gp();
    slot->epcm.pr = false;
    slot->epcm.modified = true;
    slot->epcm.perm = 0;
    slot->epcm.type = (uint8_t)type;
    slot->epoch = enclave->epoch;
    return outcome_ok();
}

struct emu_outcome encls_eremove(struct emu_enclave *enclave, uint64_t linaddr)
{
    if (linaddr % SGX_PAGE_SIZE)
        return outcome_gp();
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot)
        return outcome_epcm(linaddr);
    if (!slot->epcm.valid)
        return outcome_ok();
    /* The enclave agreed to the end of a trimmed page, so nobody needs to leave for it. */
    bool trimmed = slot->epcm.type == SGX_PT_TRIM && !slot->epcm.modified;
    if (!trimmed && emu_has_threads(enclave))
        return outcome_error(SGX_ENCLAVE_ACT);
    slot->epcm = (struct emu_epcm){.valid = false};
    enclave->child_count--;
    emu_content_drop(enclave, linaddr, SGX_PAGE_SIZE);
    return outcome_ok();
}

struct emu_outcome encls_eremove_secs(struct emu_enclave *enclave)
{
    if (!enclave->created)
        return outcome_ok();
    if (enclave->child_count)
        return outcome_error(SGX_CHILD_PRESENT);
    memset(&enclave->secs, 0, sizeof enclave->secs);
    enclave->created = false;
    return outcome_ok();
}

struct emu_outcome encls_eblock(struct emu_enclave *enclave, uint64_t linaddr)
{
    if (linaddr % SGX_PAGE_SIZE)
        return outcome_gp();
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot || !slot->epcm.valid)
        return outcome_error(SGX_PG_INVLD);
    if (slot->epcm.type != SGX_PT_REG && slot->epcm.type != SGX_PT_TCS &&
        slot->epcm.type != SGX_PT_TRIM)
        return outcome_error(SGX_NOTBLOCKABLE);
    if (slot->epcm.blocked)
        return outcome_error(SGX_BLKSTATE);
    slot->epcm.blocked = true;
    slot->epoch = enclave->epoch;
    return outcome_ok();
}

struct emu_outcome encls_eblock_secs(const struct emu_enclave *enclave)
{
    return outcome_error(enclave->created ? SGX_PG_IS_SECS : SGX_PG_INVLD);
}

struct emu_outcome encls_eblock_va(void)
{
    return outcome_error(SGX_NOTBLOCKABLE);
}

struct emu_outcome encls_etrack(struct emu_enclave *enclave)
{
    if (!enclave->created)
        return outcome_epcm(0);
    if (enclave->epoch && !emu_tracked(enclave, enclave->epoch - 1))
        return outcome_error(SGX_PREV_TRK_INCMPL);
    enclave->epoch++;
    enclave->cycle_done = false;
    atomic_store(&enclave->entry_epoch, enclave->epoch);
    return outcome_ok();
}

void encls_all_left(struct emu_enclave *enclave)
{
    enclave->cycle_done = true;
}
