/* SPDX-License-Identifier: Apache-2.0
 * crl.c: see crl.h. */
#include "attest/crl.h"

#include <errno.h>
#include <stdlib.h>

#include "attest/der.h"
#include "attest/pem.h"
#include "attest/x509.h"
#include "base/hex.h"

enum { SMALLEST_ENTRY = 18 }; /* SEQUENCE { INTEGER of one byte, UTCTime } */

static int by_bytes(const void *a, const void *b)
{
    const struct span *x = a;
    const struct span *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->size ? memcmp(x->data, y->data, x->size) : 0;
}

/* Reads SEQUENCE OF { serial, date, extensions OPTIONAL }; critical entry extensions (an indirect
 * list) are refused. */
static bool read_entry(struct span *serial, struct der *list)
{
    struct der d = der_enter(list, DER_SEQUENCE);
    *serial = der_take(&d, DER_INTEGER);
    der_time(&d);
    if (der_peek(&d) == DER_SEQUENCE) {
        struct der extensions = der_enter(&d, DER_SEQUENCE);
        while (extensions.rest.size) {
            struct der x = der_enter(&extensions, DER_SEQUENCE);
            der_take(&x, DER_OID);
            if (der_peek(&x) == DER_BOOLEAN)
                return false;
            der_take(&x, DER_OCTET_STRING);
            if (!der_end(&x))
                return false;
        }
        if (!der_end(&extensions))
            return false;
    }
    return der_end(&d) && der_is_integer(*serial);
}

static int read_entries(struct crl *c, struct der list)
{
    if (list.rest.size == 0)
        return list.bad ? -EBADMSG : 0;
    c->revoked = calloc(list.rest.size / SMALLEST_ENTRY + 1, sizeof *c->revoked);
    if (!c->revoked)
        return -ENOMEM;
    size_t most = list.rest.size / SMALLEST_ENTRY + 1;
    while (list.rest.size)
        if (c->count == most || !read_entry(&c->revoked[c->count++], &list))
            return -EBADMSG;
    qsort(c->revoked, c->count, sizeof *c->revoked, by_bytes);
    return 0;
}

/* List extensions: number and authority key id are known, critical ones (delta lists, parts of a
 * list) are refused. */
static bool read_extensions(struct der *tbs)
{
    struct der wrap = der_enter(tbs, DER_CONTEXT_0);
    struct der list = der_enter(&wrap, DER_SEQUENCE);
    while (list.rest.size) {
        struct der d = der_enter(&list, DER_SEQUENCE);
        der_take(&d, DER_OID);
        if (der_peek(&d) == DER_BOOLEAN)
            return false;
        der_take(&d, DER_OCTET_STRING);
        if (!der_end(&d))
            return false;
    }
    return der_end(&list) && der_end(&wrap);
}

static int read_tbs(struct crl *c, struct span *algorithm)
{
    struct der whole = der_over(c->tbs);
    struct der d = der_enter(&whole, DER_SEQUENCE);
    uint32_t version = der_uint(&d, DER_INTEGER, 1);
    *algorithm = der_take(&d, DER_SEQUENCE);
    c->issuer = der_take_whole(&d, DER_SEQUENCE);
    c->this_update = der_time(&d);
    c->next_update = der_time(&d);
    if (d.bad || version != 1 || !x509_is_name(c->issuer))
        return -EBADMSG;
    if (der_peek(&d) == DER_SEQUENCE) {
        int rc = read_entries(c, der_enter(&d, DER_SEQUENCE));
        if (rc)
            return rc;
    }
    return read_extensions(&d) && der_end(&d) && der_end(&whole) ? 0 : -EBADMSG;
}

int crl_parse(struct crl *c, struct span der, struct err *e, const char *what)
{
    *c = (struct crl){0};
    struct der file = der_over(der);
    struct der d = der_enter(&file, DER_SEQUENCE);
    struct span inner = {0};
    c->tbs = der_take_whole(&d, DER_SEQUENCE);
    struct span outer = der_take(&d, DER_SEQUENCE);
    struct span bits = der_take(&d, DER_BIT_STRING);
    if (!der_end(&d) || !der_end(&file))
        return fail(e, -EBADMSG, "%s: not a certificate revocation list in DER", what);
    int rc = read_tbs(c, &inner);
    if (rc == 0 &&
        (!x509_is_ecdsa_sha256(outer) || !span_equal(inner, outer) || bits.size < 1 ||
         bits.data[0] != 0 || !der_signature(c->signature, span_of(bits.data + 1, bits.size - 1))))
        rc = -EBADMSG;
    if (rc == 0)
        return 0;
    crl_fini(c);
    return fail(e, rc,
                rc == -ENOMEM ? "%s: out of memory"
                              : "%s: not a complete version 2 list signed with ECDSA and SHA-256",
                what);
}

void crl_fini(struct crl *c)
{
    free(c->revoked);
    c->revoked = NULL;
    c->count = 0;
}

bool crl_has(const struct crl *c, struct span serial)
{
    return c->count && bsearch(&serial, c->revoked, c->count, sizeof *c->revoked, by_bytes);
}

static const char PEM_BEGIN[] = "-----BEGIN X509 CRL-----";
static const char PEM_END[] = "-----END X509 CRL-----";

struct span crl_der(uint8_t **owned, struct span in)
{
    *owned = NULL;
    if (in.size == 0 || in.data[0] == DER_SEQUENCE)
        return in;
    uint8_t *out = malloc(in.size);
    if (!out)
        return in;
    size_t text_size = in.size;
    while (text_size && (in.data[text_size - 1] == '\n' || in.data[text_size - 1] == '\r'))
        text_size--;
    ssize_t size = pem_decode(out, in, PEM_BEGIN, PEM_END);
    if (hex_parse(out, text_size / 2, span_of(in.data, text_size)) == 0)
        size = (ssize_t)(text_size / 2);
    if (size <= 0) {
        free(out);
        return in;
    }
    *owned = out;
    return span_of(out, (size_t)size);
}
