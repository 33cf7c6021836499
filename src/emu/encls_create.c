/* SPDX-License-Identifier: Apache-2.0
 * encls_create.c: ECREATE.  [SDM3D 41.3 ECREATE] */
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/package.h"
#include "emu/secinfo.h"

enum { LINEAR_ADDRESS_BITS = 48 };

static _Atomic uint64_t g_next_eid = 1;

/* Components that come together or not at all, and those that need others.  [SDM1 13.3] */
static bool xfrm_is_legal(uint64_t xfrm)
{
    if ((xfrm & SGX_XFRM_LEGACY) != SGX_XFRM_LEGACY || xfrm & ~emu_package()->xfrm)
        return false;
    if (!(xfrm & SGX_XFRM_AVX512))
        return true;
    return (xfrm & SGX_XFRM_AVX512) == SGX_XFRM_AVX512 && xfrm & SGX_XFRM_AVX;
}

/* An SSA frame has room for XSAVE, the GPR area and what MISCSELECT asks for.  [SDM3D 42.7] */
static bool frame_is_big_enough(const struct sgx_secs *secs)
{
    uint64_t needed = emu_xsave_size(secs->attributes.xfrm) + sizeof(struct sgx_gpr);
    if (secs->miscselect & SGX_MISC_EXINFO)
        needed += sizeof(struct sgx_exinfo);
    return (uint64_t)secs->ssaframesize * SGX_PAGE_SIZE >= needed;
}

static bool is_canonical(uint64_t addr)
{
    int64_t high = (int64_t)addr >> (LINEAR_ADDRESS_BITS - 1);
    return high == 0 || high == -1;
}

static bool range_is_legal(const struct sgx_secs *secs)
{
    bool is64 = secs->attributes.flags & SGX_ATTR_MODE64BIT;
    if (is64 ? !is_canonical(secs->base) : secs->base >> 32 != 0)
        return false;
    if (secs->size >> (is64 ? EMU_MAX_SIZE_64_LOG2 : EMU_MAX_SIZE_32_LOG2))
        return false;
    if (secs->size < 2ull * SGX_PAGE_SIZE || secs->size & (secs->size - 1))
        return false;
    return (secs->base & (secs->size - 1)) == 0;
}

/* CET is not enumerated, so its fields are reserved; so are those that EINIT fills in. */
static bool reserved_is_zero(const struct sgx_secs *secs)
{
    return secs->cet_legacy_offset == 0 && secs->cet_attributes == 0 &&
           bytes_are_zero(secs->reserved1, sizeof secs->reserved1) &&
           bytes_are_zero(secs->reserved2, sizeof secs->reserved2) &&
           bytes_are_zero(secs->reserved3, sizeof secs->reserved3) &&
           bytes_are_zero(secs->reserved4, sizeof secs->reserved4);
}

static bool config_is_legal(const struct sgx_secs *secs)
{
    return secs->attributes.flags & SGX_ATTR_KSS ||
           (bytes_are_zero(secs->configid, sizeof secs->configid) && secs->configsvn == 0);
}

static bool secs_is_legal(const struct sgx_secs *secs)
{
    return xfrm_is_legal(secs->attributes.xfrm) &&
           !(secs->miscselect & ~emu_package()->miscselect) && frame_is_big_enough(secs) &&
           range_is_legal(secs) && !(secs->attributes.flags & ~emu_package()->attributes) &&
           reserved_is_zero(secs) && config_is_legal(secs);
}

static void measure_create(struct emu_enclave *enclave)
{
    uint8_t record[64] = "ECREATE";
    put_le32(record + 8, enclave->secs.ssaframesize);
    put_le64(record + 12, enclave->secs.size);
    emu_measure_start(&enclave->measure);
    emu_measure_add(&enclave->measure, record, sizeof record);
}

struct emu_outcome encls_ecreate(struct emu_enclave *enclave, const struct emu_pageinfo *info,
                                 bool *no_memory)
{
    if ((uintptr_t)info->srcpge % SGX_PAGE_SIZE || (uintptr_t)info->secinfo % 64)
        return outcome_gp();
    if (info->linaddr != 0 || info->secs)
        return outcome_gp();
    if (!secinfo_reserved_is_zero(info->secinfo) || secinfo_type(info->secinfo) != SGX_PT_SECS)
        return outcome_gp();
    if (enclave->created)
        return outcome_epcm(0);
    memcpy(&enclave->secs, info->srcpge, sizeof enclave->secs);
    bool legal = secs_is_legal(&enclave->secs);
    if (!legal || emu_enclave_reserve(enclave) != 0) {
        memset(&enclave->secs, 0, sizeof enclave->secs);
        if (no_memory)
            *no_memory = legal;
        return outcome_gp();
    }
    memset(enclave->secs.mrenclave, 0, sizeof enclave->secs.mrenclave);
    memset(enclave->secs.mrsigner, 0, sizeof enclave->secs.mrsigner);
    enclave->secs.isvprodid = 0;
    enclave->secs.isvsvn = 0;
    enclave->eid = atomic_fetch_add(&g_next_eid, 1);
    measure_create(enclave);
    enclave->created = true;
    return outcome_ok();
}
