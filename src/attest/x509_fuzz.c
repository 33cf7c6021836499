/* SPDX-License-Identifier: Apache-2.0
 * x509_fuzz.c: whatever our reader takes, OpenSSL's must take as well, with the same serial number.
 */
#include "attest/x509.h"

#include <openssl/x509.h>
#include <stdlib.h>

#include "attest/pck.h"
#include "attest/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct x509 *c)
{
    const unsigned char *p = c->der.data;
    X509 *x = d2i_X509(NULL, &p, (long)c->der.size);
    if (!x)
        abort();
    unsigned char *serial = NULL;
    int n = i2d_ASN1_INTEGER(X509_get_serialNumber(x), &serial);
    if (n < 2 || !span_equal(c->serial, span_of(serial + 2, (size_t)n - 2)))
        abort();
    OPENSSL_free(serial);
    X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct x509 c;
    struct pck pck;
    struct pem_chain p;
    char name[64];
    if (x509_parse(&c, span_of(data, size), &e, "x") == 0) {
        compare(&c);
        x509_name(name, c.subject);
        ignore(pck_parse(&pck, c.sgx, &e));
    }
    if (pem_chain_read(&p, span_of(data, size), &e, "x") == 0)
        pem_chain_fini(&p);
    return 0;
}
