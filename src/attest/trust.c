/* SPDX-License-Identifier: Apache-2.0
 * trust.c: see trust.h. */
#include "attest/trust.h"

#include <errno.h>

#include "attest/pem.h"

/* SHA-256 of the SubjectPublicKeyInfo and of the certificate "Intel SGX Root CA", valid to 2049. */
static const struct trust_root g_intel = {
    .spki_sha256 = {0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91,
                    0x86, 0x06, 0x8a, 0x7f, 0xc1, 0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35,
                    0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e},
    .cert_sha256 = {0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49,
                    0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99,
                    0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3},
};

void trust_init(struct trust *t)
{
    *t = (struct trust){.count = 1, .root = {g_intel}};
}

void trust_init_empty(struct trust *t)
{
    *t = (struct trust){0};
}

static int add_one(struct trust *t, struct span der, struct err *e)
{
    struct x509 c;
    int rc = x509_parse(&c, der, e, "trusted root");
    if (rc)
        return rc;
    char name[64];
    if (!c.is_ca || !span_equal(c.subject, c.issuer))
        return fail(e, -EBADMSG, "trusted root: \"%s\" is not a root certificate",
                    x509_name(name, c.subject));
    if (t->count == TRUST_MAX)
        return fail(e, -ENOSPC, "trusted root: at most %d can be named", TRUST_MAX);
    struct trust_root r = {.emulated = true};
    digest_of(r.spki_sha256, c.spki);
    digest_of(r.cert_sha256, der);
    if (memcmp(r.spki_sha256, g_intel.spki_sha256, 32) == 0)
        r = g_intel;
    t->root[t->count++] = r;
    return 0;
}

int trust_add(struct trust *t, struct span in, struct err *e)
{
    if (in.size && in.data[0] == 0x30)
        return add_one(t, in, e);
    struct pem_chain p;
    int rc = pem_chain_read(&p, in, e, "trusted root");
    if (rc)
        return rc;
    for (size_t i = 0; rc == 0 && i < p.count; i++)
        rc = add_one(t, p.der[i], e);
    pem_chain_fini(&p);
    return rc;
}

static bool signed_itself(const struct x509 *c)
{
    struct sigkey *key = NULL;
    if (!span_equal(c->subject, c->issuer) || !c->is_ca || sigkey_new(&key, c->key))
        return false;
    bool ok = sigkey_check(key, c->tbs, c->signature);
    sigkey_free(key);
    return ok;
}

const struct trust_root *trust_find(const struct trust *t, const struct x509 *c)
{
    uint8_t spki[32];
    uint8_t cert[32];
    digest_of(spki, c->spki);
    for (size_t i = 0; i < t->count; i++) {
        const struct trust_root *r = &t->root[i];
        if (memcmp(spki, r->spki_sha256, sizeof spki) != 0)
            continue;
        digest_of(cert, c->der);
        return memcmp(cert, r->cert_sha256, sizeof cert) == 0 || signed_itself(c) ? r : NULL;
    }
    return NULL;
}
