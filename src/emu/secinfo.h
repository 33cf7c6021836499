/* SPDX-License-Identifier: Apache-2.0
 * secinfo.h: questions about a SECINFO.  [SDM3D 38.12] */
#ifndef CELLA_EMU_SECINFO_H
#define CELLA_EMU_SECINFO_H

#include <stdbool.h>

#include "base/bytes.h"
#include "sgx/arch.h"

#define SGX_SECINFO_PERM (SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X)
#define SGX_SECINFO_STATE (SGX_SECINFO_PENDING | SGX_SECINFO_MODIFIED | SGX_SECINFO_PR)

static inline unsigned secinfo_type(const struct sgx_secinfo *s)
{
    return (unsigned)((s->flags & SGX_SECINFO_TYPE_MASK) >> SGX_SECINFO_TYPE_SHIFT);
}

static inline uint8_t secinfo_perm(const struct sgx_secinfo *s)
{
    return (uint8_t)(s->flags & SGX_SECINFO_PERM);
}

static inline bool secinfo_reserved_is_zero(const struct sgx_secinfo *s)
{
    const uint64_t known = SGX_SECINFO_PERM | SGX_SECINFO_STATE | SGX_SECINFO_TYPE_MASK;
    return !(s->flags & ~known) && bytes_are_zero(s->reserved, sizeof s->reserved);
}

static inline bool perm_is_write_only(uint64_t perm)
{
    return perm & SGX_SECINFO_W && !(perm & SGX_SECINFO_R);
}

#endif
