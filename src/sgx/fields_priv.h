/* SPDX-License-Identifier: Apache-2.0
 * fields_priv.h: ATTRIBUTES as bytes, which most structures contain.  [SDM3D 38.7.1] */
#ifndef CELLA_SGX_FIELDS_PRIV_H
#define CELLA_SGX_FIELDS_PRIV_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "sgx/arch.h"

static inline struct sgx_attributes cursor_attributes(struct cursor *c)
{
    struct sgx_attributes a;
    a.flags = cursor_u64(c);
    a.xfrm = cursor_u64(c);
    return a;
}

static inline void put_attributes(uint8_t *p, struct sgx_attributes a)
{
    put_le64(p, a.flags);
    put_le64(p + 8, a.xfrm);
}

#endif
