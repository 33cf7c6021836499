/* SPDX-License-Identifier: Apache-2.0
 * pck.h: the SGX extension of a PCK certificate, 1.2.840.113741.1.13.1: which platform it is and
 * how far it was patched when the certificate was issued.  [PCK-CERT 1.3.5] */
#ifndef CELLA_ATTEST_PCK_H
#define CELLA_ATTEST_PCK_H

#include "base/err.h"
#include "base/span.h"

enum pck_sgx_type {
    PCK_SGX_STANDARD = 0,
    PCK_SGX_SCALABLE = 1,
    PCK_SGX_SCALABLE_INTEGRITY = 2,
};

struct pck {
    uint8_t ppid[16];
    uint8_t components[16]; /* SVNs; these, not the raw CPUSVN bytes, are what levels speak of */
    uint16_t pcesvn;
    uint8_t cpusvn[16];
    uint8_t pceid[2];
    uint8_t fmspc[6];
    uint32_t sgx_type; /* enum pck_sgx_type */
    bool has_instance; /* Platform CA only */
    uint8_t instance[16];
    bool has_configuration; /* Platform CA only; the next three belong to it */
    bool dynamic_platform;
    bool cached_keys;
    bool smt_enabled;
};

/* Reads the extension's content.  -EBADMSG when a field is missing, twice there or of a wrong size;
 * fields with other numbers are ignored. */
int pck_parse(struct pck *p, struct span extension, struct err *e) MUST_USE;

#endif
