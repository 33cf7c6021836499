/* SPDX-License-Identifier: Apache-2.0
 * encls_debug.c: EDBGRD and EDBGWR on 64-bit operands.  [SDM3D 41.3 EDBGRD, EDBGWR] */
#include "base/bytes.h"
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"

/* What both ask of the page. */
static struct emu_outcome check_page(const struct emu_enclave *enclave, uint64_t linaddr)
{
    if (linaddr % sizeof(uint64_t))
        return outcome_gp();
    const struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot || !slot->epcm.valid)
        return outcome_epcm(linaddr);
    if (slot->epcm.type != SGX_PT_REG && slot->epcm.type != SGX_PT_TCS)
        return outcome_epcm(linaddr);
    if (slot->epcm.pending || slot->epcm.modified)
        return outcome_error(SGX_PAGE_NOT_DEBUGGABLE);
    return outcome_ok();
}

static bool is_tcs(const struct emu_enclave *enclave, uint64_t linaddr)
{
    return emu_slot_at(enclave, linaddr)->epcm.type == SGX_PT_TCS;
}

struct emu_outcome encls_edbgrd(const struct emu_enclave *enclave, uint64_t linaddr,
                                uint64_t *value)
{
    struct emu_outcome outcome = check_page(enclave, linaddr);
    if (!outcome_is_ok(outcome))
        return outcome;
    if (is_tcs(enclave, linaddr) && linaddr % SGX_PAGE_SIZE >= offsetof(struct sgx_tcs, reserved))
        return outcome_gp();
    if (!(enclave->secs.attributes.flags & SGX_ATTR_DEBUG))
        return outcome_gp();
    *value = get_le64(emu_enclave_alias(enclave, linaddr));
    return outcome_ok();
}

struct emu_outcome encls_edbgwr(struct emu_enclave *enclave, uint64_t linaddr, uint64_t value)
{
    struct emu_outcome outcome = check_page(enclave, linaddr);
    if (!outcome_is_ok(outcome))
        return outcome;
    if (is_tcs(enclave, linaddr) && linaddr % SGX_PAGE_SIZE != offsetof(struct sgx_tcs, flags))
        return outcome_gp();
    if (!(enclave->secs.attributes.flags & SGX_ATTR_DEBUG))
        return outcome_gp();
    put_le64(emu_enclave_alias(enclave, linaddr), value);
    return outcome_ok();
}
