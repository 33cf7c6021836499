/* SPDX-License-Identifier: Apache-2.0
 * platform.h: platforms whose certificates and quoting enclave were checked before.  A quoting
 * enclave keeps its key for months, so all that a further quote of the same platform needs is the
 * check of its own signature.  Only platforms that passed every check are remembered, and only
 * together with the collateral they were checked against.  One cache serves one thread. */
#ifndef CELLA_ATTEST_PLATFORM_H
#define CELLA_ATTEST_PLATFORM_H

#include "attest/checks.h"
#include "attest/collateral.h"
#include "attest/pck.h"
#include "sgx/quote.h"

/* What the certificates and the quoting enclave's report say; filled by platform_check(). */
struct platform {
    struct sigkey *key; /* the attestation key; NULL when it is no point of the curve */
    bool has_pck;
    struct pck pck;
    bool has_certs;
    int64_t not_before; /* of leaf and CA together */
    int64_t not_after;
    char issuer[64]; /* common name of the leaf's issuer */
    bool has_qe;
    struct quote_report qe;
};

/* Judges QUOTE_KEY to PCK_CA_REVOKED into `k`: three signature checks at most, two when the CA is
 * the collateral's.  0 or -ENOMEM.  platform_fini() in both cases. */
int platform_check(struct platform *p, struct checks *k, const struct quote *q,
                   const struct collateral *c) MUST_USE;
void platform_fini(struct platform *p);

struct platform_cache;

/* Remembers up to `count` platforms (about 5 KiB each); NULL when memory is short. */
struct platform_cache *platform_cache_new(size_t count);
void platform_cache_free(struct platform_cache *cache);

/* The remembered platform of this quote under this collateral, or NULL. */
const struct platform *platform_cache_find(const struct platform_cache *cache,
                                           const struct quote *q, const struct collateral *c);
/* Takes `p` over (its owner keeps nothing) and returns where it lies now; NULL, and nothing taken,
 * when memory is short. */
const struct platform *platform_cache_put(struct platform_cache *cache, const struct quote *q,
                                          const struct collateral *c, struct platform *p);

#endif
