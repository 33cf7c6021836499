/* SPDX-License-Identifier: Apache-2.0
 * encls_add.c: EADD and EEXTEND, which fill an enclave before EINIT.  [SDM3D 41.3 EADD, EEXTEND] */
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/secinfo.h"
#include "emu/tcs.h"

/* Checks on the operands alone. */
static bool operands_are_legal(uint64_t linaddr, const struct sgx_secinfo *secinfo)
{
    if (linaddr % SGX_PAGE_SIZE || (uintptr_t)secinfo % 64)
        return false;
    unsigned type = secinfo_type(secinfo);
    return secinfo_reserved_is_zero(secinfo) && (type == SGX_PT_REG || type == SGX_PT_TCS);
}

/* EADD's answer for a page before anything is copied.  The SDM copies first and looks at ELRANGE
 * and INIT later; nothing can tell the difference. */
static struct emu_outcome check_page(const struct emu_enclave *enclave, uint64_t linaddr,
                                     const struct sgx_secinfo *secinfo)
{
    const struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (slot && slot->epcm.valid)
        return outcome_epcm(linaddr);
    if (!enclave->created)
        return outcome_epcm(0);
    if (secinfo_type(secinfo) == SGX_PT_REG && perm_is_write_only(secinfo->flags))
        return outcome_gp();
    if (!slot || emu_enclave_initialised(enclave))
        return outcome_gp();
    return outcome_ok();
}

/* Writes the EPCM entry and the measurement's record. */
static void commit(struct emu_enclave *enclave, uint64_t linaddr, const struct sgx_secinfo *secinfo)
{
    uint64_t offset = linaddr - enclave->base;
    struct sgx_secinfo measured = *secinfo;
    if (secinfo_type(secinfo) == SGX_PT_TCS)
        measured.flags &= ~SGX_SECINFO_PERM;
    uint8_t record[64] = "EADD";
    put_le64(record + 8, offset);
    memcpy(record + 16, &measured, 48);
    emu_measure_add(&enclave->measure, record, sizeof record);
    enclave->slots[offset / SGX_PAGE_SIZE].epcm = (struct emu_epcm){
        .valid = true,
        .type = (uint8_t)secinfo_type(&measured),
        .perm = secinfo_perm(&measured),
    };
    enclave->child_count++;
}

struct emu_outcome encls_eadd(struct emu_enclave *enclave, const struct emu_pageinfo *info)
{
    if ((uintptr_t)info->srcpge % SGX_PAGE_SIZE ||
        !operands_are_legal(info->linaddr, info->secinfo))
        return outcome_gp();
    struct emu_outcome outcome = check_page(enclave, info->linaddr, info->secinfo);
    if (!outcome_is_ok(outcome))
        return outcome;
    bool is_tcs = secinfo_type(info->secinfo) == SGX_PT_TCS;
    if (is_tcs && !tcs_can_be_added(info->srcpge, &enclave->secs))
        return outcome_gp();
    uint8_t *page = emu_page_alias(enclave, info->linaddr);
    memcpy(page, info->srcpge, SGX_PAGE_SIZE);
    if (is_tcs)
        tcs_reset(page);
    emu_chunks_use(enclave, (info->linaddr - enclave->base) / SGX_PAGE_SIZE, 1);
    commit(enclave, info->linaddr, info->secinfo);
    return outcome_ok();
}

struct emu_outcome encls_eadd_zeroes(struct emu_enclave *enclave, uint64_t linaddr, size_t count,
                                     const struct sgx_secinfo *secinfo, size_t *done)
{
    *done = 0;
    if (!operands_are_legal(linaddr, secinfo) || secinfo_type(secinfo) != SGX_PT_REG)
        return outcome_gp();
    for (; *done < count; (*done)++, linaddr += SGX_PAGE_SIZE) {
        struct emu_outcome outcome = check_page(enclave, linaddr, secinfo);
        if (!outcome_is_ok(outcome))
            return outcome;
        if (*done == 0 || (linaddr - enclave->base) / SGX_PAGE_SIZE % EMU_CHUNK_PAGES == 0)
            emu_chunks_use(enclave, (linaddr - enclave->base) / SGX_PAGE_SIZE, 1);
        commit(enclave, linaddr, secinfo);
    }
    return outcome_ok();
}

struct emu_outcome encls_eextend(struct emu_enclave *enclave, uint64_t linaddr)
{
    if (linaddr % SGX_EEXTEND_SIZE)
        return outcome_gp();
    const struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot || !slot->epcm.valid)
        return outcome_epcm(linaddr);
    if (slot->epcm.type != SGX_PT_REG && slot->epcm.type != SGX_PT_TCS)
        return outcome_epcm(linaddr);
    if (emu_enclave_initialised(enclave))
        return outcome_gp();
    uint8_t record[64] = "EEXTEND";
    put_le64(record + 8, linaddr - enclave->base);
    emu_measure_add(&enclave->measure, record, sizeof record);
    emu_measure_add(&enclave->measure, emu_enclave_alias(enclave, linaddr), SGX_EEXTEND_SIZE);
    return outcome_ok();
}
