/* SPDX-License-Identifier: Apache-2.0
 * leaf_raw.c: see leaf.h; the instruction itself stands in entry.S. */
#include <string.h>

#include "enclave/leaf.h"

uint64_t enclu_leaf(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx);

static uint64_t at(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

void leaf_ereport(struct leaf_report *report, const struct leaf_targetinfo *target,
                  const struct leaf_reportdata *data)
{
    enclu_leaf(SGX_EREPORT, at(target), at(data), at(report));
}

int leaf_egetkey(struct leaf_key *key, const struct leaf_keyrequest *request)
{
    memset(key, 0, sizeof *key);
    return (int)enclu_leaf(SGX_EGETKEY, at(request), at(key), 0);
}

int leaf_eaccept(const struct sgx_secinfo *secinfo, const void *page)
{
    return (int)enclu_leaf(SGX_EACCEPT, at(secinfo), at(page), 0);
}

int leaf_eacceptcopy(const struct sgx_secinfo *secinfo, void *page, const void *source)
{
    return (int)enclu_leaf(SGX_EACCEPTCOPY, at(secinfo), at(page), at(source));
}

void leaf_emodpe(const struct sgx_secinfo *secinfo, const void *page)
{
    enclu_leaf(SGX_EMODPE, at(secinfo), at(page), 0);
}
