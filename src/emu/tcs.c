/* SPDX-License-Identifier: Apache-2.0
 * tcs.c: see tcs.h.  AEX-Notify is not enumerated, so of TCS.FLAGS only DBGOPTIN is not reserved.
 */
#include "emu/tcs.h"

#include "base/bytes.h"

static bool limits_are_legal(const struct sgx_tcs *tcs, const struct sgx_secs *secs)
{
    const uint32_t whole_pages = SGX_PAGE_SIZE - 1;
    if (secs->attributes.flags & SGX_ATTR_MODE64BIT)
        return true;
    return (tcs->fslimit & whole_pages) == whole_pages &&
           (tcs->gslimit & whole_pages) == whole_pages;
}

static bool reserved_is_zero(const struct sgx_tcs *tcs)
{
    return !(tcs->flags & ~SGX_TCS_DBGOPTIN) && bytes_are_zero(tcs->reserved, sizeof tcs->reserved);
}

bool tcs_can_be_added(const void *page, const struct sgx_secs *secs)
{
    const struct sgx_tcs *tcs = page;
    return reserved_is_zero(tcs) && limits_are_legal(tcs, secs);
}

void tcs_reset(void *page)
{
    struct sgx_tcs *tcs = page;
    tcs->state = 0;
    tcs->flags &= ~SGX_TCS_DBGOPTIN;
    tcs->cssa = 0;
    tcs->aep = 0;
}

bool tcs_can_be_accepted(const void *page, const struct sgx_secs *secs)
{
    const struct sgx_tcs *tcs = page;
    return tcs_can_be_added(page, secs) && !(tcs->flags & SGX_TCS_DBGOPTIN) &&
           tcs->cssa < tcs->nssa && tcs->aep == 0 && tcs->state == 0;
}
