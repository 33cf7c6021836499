/* SPDX-License-Identifier: Apache-2.0
 * forge_priv.h: the parts of forge.c. */
#ifndef CELLA_ATTEST_FORGE_PRIV_H
#define CELLA_ATTEST_FORGE_PRIV_H

#include <openssl/x509.h>

#include "attest/forge.h"

struct forge_cert {
    const char *subject;
    const char *issuer;
    struct forge_dates dates;
    EVP_PKEY *key;
    EVP_PKEY *signer;
    long serial;
    bool is_ca;
    const uint8_t *sgx; /* content of the SGX extension */
    size_t sgx_size;
};
X509 *forge_cert(const struct forge_cert *c);

struct forge_crl {
    const char *issuer;
    struct forge_dates dates;
    EVP_PKEY *signer;
    const long *serial;
    size_t count;
};
/* DER, to be freed with OPENSSL_free(). */
size_t forge_crl(uint8_t **out, const struct forge_crl *c);

size_t forge_pem(char *out, size_t room, X509 *const *certs, size_t count);

#endif
