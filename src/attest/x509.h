/* SPDX-License-Identifier: Apache-2.0
 * x509.h: the certificates of Intel's attestation hierarchy: X.509 version 3, P-256 keys, ECDSA
 * with SHA-256.  Anything else is refused.  OpenSSL's reader takes 140 us for one certificate,
 * twice the price of checking its signature; this one takes one.  The tests hold it against
 * OpenSSL's. [RFC5280 4] [PCK-CERT] */
#ifndef CELLA_ATTEST_X509_H
#define CELLA_ATTEST_X509_H

#include "base/err.h"
#include "base/span.h"

/* All spans borrow from the DER. */
struct x509 {
    struct span der;    /* the whole certificate */
    struct span tbs;    /* what is signed */
    struct span serial; /* content of the INTEGER */
    struct span issuer; /* Name with tag and length; equal names are equal bytes */
    struct span subject;
    struct span spki;   /* SubjectPublicKeyInfo with tag and length */
    struct span sgx;    /* content of extension 1.2.840.113741.1.13.1, or empty */
    int64_t not_before; /* Unix seconds, both ends belong to it */
    int64_t not_after;
    bool is_ca;       /* basic constraints */
    bool signs_certs; /* key usage */
    bool signs_crls;
    uint8_t key[64];       /* x, y */
    uint8_t signature[64]; /* r, s */
};

/* Reads one certificate that fills `der`.  -EBADMSG and a sentence naming `what`. */
int x509_parse(struct x509 *c, struct span der, struct err *e, const char *what) MUST_USE;

/* True when `name` (with tag and length) is a Name of printable ASCII strings. */
bool x509_is_name(struct span name);

/* The common name of such a Name, cut at 63 characters; "(no name)" without one.  Returns `out`. */
char *x509_name(char out[64], struct span name);

/* The algorithm of a signature must be ECDSA with SHA-256; true when `algorithm` (content of the
 * SEQUENCE) says so. */
bool x509_is_ecdsa_sha256(struct span algorithm);

#endif
