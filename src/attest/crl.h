/* SPDX-License-Identifier: Apache-2.0
 * crl.h: certificate revocation lists of version 2, signed with ECDSA and SHA-256.  [RFC5280 5] */
#ifndef CELLA_ATTEST_CRL_H
#define CELLA_ATTEST_CRL_H

#include "base/err.h"
#include "base/span.h"

/* Spans borrow from the DER, except that `revoked` is owned: crl_fini(). */
struct crl {
    struct span tbs;
    struct span issuer; /* Name with tag and length */
    int64_t this_update;
    int64_t next_update;
    uint8_t signature[64];
    struct span *revoked; /* serial numbers, sorted */
    size_t count;
};

/* Reads one list that fills `der`.  -EBADMSG and a sentence naming `what`, or -ENOMEM. */
int crl_parse(struct crl *c, struct span der, struct err *e, const char *what) MUST_USE;
void crl_fini(struct crl *c);

/* True when the list names this serial number (content of the INTEGER). */
bool crl_has(const struct crl *c, struct span serial);

/* CRLs arrive as DER, as hexadecimal of DER or as PEM.  Gives DER, which borrows from `in` or
 * from *owned (free() it).  What is none of the three is given back as it is. */
struct span crl_der(uint8_t **owned, struct span in);

#endif
