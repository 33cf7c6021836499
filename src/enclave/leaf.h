/* SPDX-License-Identifier: Apache-2.0
 * leaf.h: the ENCLU leaves that trusted code calls.  [SDM3D 40.4]
 * Pointers need the alignment that the instruction asks for; a wrong one is #GP. */
#ifndef CELLA_ENCLAVE_LEAF_H
#define CELLA_ENCLAVE_LEAF_H

#include "base/err.h"
#include "sgx/arch.h"

/* Data that goes with a report; EREPORT wants 128. */
struct leaf_reportdata {
    _Alignas(128) uint8_t bytes[64];
};

struct leaf_targetinfo {
    _Alignas(512) struct sgx_targetinfo t;
};

struct leaf_report {
    _Alignas(512) struct sgx_report r;
};

struct leaf_keyrequest {
    _Alignas(512) struct sgx_keyrequest k;
};

struct leaf_key {
    _Alignas(16) uint8_t bytes[16];
};

/* A report about this enclave that only `target` can check. */
void leaf_ereport(struct leaf_report *report, const struct leaf_targetinfo *target,
                  const struct leaf_reportdata *data);

/* 0, or the positive enum sgx_error with which the CPU refused; then the key is all zeros. */
int leaf_egetkey(struct leaf_key *key, const struct leaf_keyrequest *request) MUST_USE;

/* SGX2: agrees to what the host did to a page: 0 or enum sgx_error.  `page` is page-aligned. */
int leaf_eaccept(const struct sgx_secinfo *secinfo, const void *page) MUST_USE;
int leaf_eacceptcopy(const struct sgx_secinfo *secinfo, void *page, const void *source) MUST_USE;

/* SGX2: widens the permissions of a page. */
void leaf_emodpe(const struct sgx_secinfo *secinfo, const void *page);

#endif
