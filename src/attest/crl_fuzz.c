/* SPDX-License-Identifier: Apache-2.0
 * crl_fuzz.c: whatever our reader takes, OpenSSL's must take as well, with the same dates and as
 * many entries. */
#include "attest/crl.h"

#include <openssl/x509.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct crl c;
    uint8_t *owned;
    struct span der = crl_der(&owned, span_of(data, size));
    if (crl_parse(&c, der, &e, "crl") == 0) {
        const unsigned char *p = der.data;
        X509_CRL *l = d2i_X509_CRL(NULL, &p, (long)der.size);
        if (!l)
            abort();
        STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(l);
        if (c.count != (size_t)(list ? sk_X509_REVOKED_num(list) : 0))
            abort();
        X509_CRL_free(l);
        crl_fini(&c);
    }
    free(owned);
    return 0;
}
