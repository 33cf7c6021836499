/* SPDX-License-Identifier: Apache-2.0
 * chain.c: see chain.h. */
#include "attest/chain.h"

int chain_read(struct chain *c, struct span pem, struct err *e, const char *what)
{
    c->count = 0;
    int rc = pem_chain_read(&c->pem, pem, e, what);
    if (rc)
        return rc;
    for (; rc == 0 && c->count < c->pem.count; c->count++)
        rc = x509_parse(&c->cert[c->count], c->pem.der[c->count], e, what);
    if (rc) {
        chain_fini(c);
        return rc;
    }
    bool root_first = c->count > 1 && span_equal(c->cert[0].issuer, c->cert[0].subject);
    for (size_t i = 0; root_first && i < c->count / 2; i++) {
        struct x509 other = c->cert[i];
        c->cert[i] = c->cert[c->count - 1 - i];
        c->cert[c->count - 1 - i] = other;
    }
    return 0;
}

void chain_fini(struct chain *c)
{
    pem_chain_fini(&c->pem);
    c->count = 0;
}

const struct x509 *chain_root(const struct chain *c)
{
    if (c->count == 0)
        return NULL;
    const struct x509 *last = &c->cert[c->count - 1];
    return span_equal(last->issuer, last->subject) ? last : NULL;
}

bool cert_issued_by(const struct x509 *c, const struct x509 *issuer, const struct sigkey *key)
{
    return issuer->is_ca && issuer->signs_certs && span_equal(c->issuer, issuer->subject) &&
           sigkey_check(key, c->tbs, c->signature);
}
