/* SPDX-License-Identifier: Apache-2.0
 * trust.h: the roots that a verifier trusts.  Intel's production root is built in, by the hash of
 * its public key; every other root must be added by name of its certificate, and whatever rests on
 * one is marked as emulated. */
#ifndef CELLA_ATTEST_TRUST_H
#define CELLA_ATTEST_TRUST_H

#include "attest/sigkey.h"
#include "attest/x509.h"

enum { TRUST_MAX = 8 };

struct trust_root {
    uint8_t spki_sha256[32];
    uint8_t cert_sha256[32]; /* this very certificate needs no further check */
    bool emulated;           /* true for all but Intel's */
};

struct trust {
    size_t count;
    struct trust_root root[TRUST_MAX];
};

/* Intel's production root and nothing else. */
void trust_init(struct trust *t);
/* Trusts nothing, not even Intel. */
void trust_init_empty(struct trust *t);
/* Adds each certificate of a PEM text, or one in DER.  -EBADMSG when it is none or is no
 * self-issued authority, -ENOSPC after TRUST_MAX. */
int trust_add(struct trust *t, struct span pem_or_der, struct err *e) MUST_USE;

/* The root that this certificate is, or NULL.  A certificate with a trusted key but other content
 * than the known one counts only when it signed itself. */
const struct trust_root *trust_find(const struct trust *t, const struct x509 *c);

#endif
