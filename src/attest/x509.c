/* SPDX-License-Identifier: Apache-2.0
 * x509.c: see x509.h. */
#include "attest/x509.h"

#include <errno.h>

#include "attest/der.h"

/* Contents of OBJECT IDENTIFIERs. */
static const uint8_t OID_ECDSA_SHA256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
static const uint8_t OID_COMMON_NAME[] = {0x55, 4, 3};
static const uint8_t OID_KEY_USAGE[] = {0x55, 0x1d, 15};
static const uint8_t OID_BASIC_CONSTRAINTS[] = {0x55, 0x1d, 19};
static const uint8_t OID_SGX[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 0x0d, 1};

/* SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point's x.  [RFC5480 2] */
static const uint8_t SPKI_P256[] = {0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 2,    1,    6, 8, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 3,    1,    7, 3, 0x42, 0,    4};

static bool is_oid(struct span s, const uint8_t *oid, size_t size)
{
    return span_equal(s, span_of(oid, size));
}
#define IS_OID(s, oid) is_oid(s, oid, sizeof(oid))

bool x509_is_ecdsa_sha256(struct span algorithm)
{
    struct der d = der_over(algorithm);
    struct span oid = der_take(&d, DER_OID);
    return der_end(&d) && IS_OID(oid, OID_ECDSA_SHA256);
}

/* Basic constraints: SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLen INTEGER OPTIONAL } */
static bool read_constraints(struct x509 *c, struct span value)
{
    struct der d = der_over(value);
    struct der in = der_enter(&d, DER_SEQUENCE);
    if (der_peek(&in) == DER_BOOLEAN) {
        struct span b = der_take(&in, DER_BOOLEAN);
        if (b.size != 1 || b.data[0] != 0xff)
            return false;
        c->is_ca = true;
    }
    if (der_peek(&in) == DER_INTEGER)
        der_uint(&in, DER_INTEGER, 255);
    return der_end(&in) && der_end(&d);
}

/* Key usage: BIT STRING; bit 5 keyCertSign, bit 6 cRLSign, counted from the first byte's top. */
static bool read_usage(struct x509 *c, struct span value)
{
    struct der d = der_over(value);
    struct span bits = der_take(&d, DER_BIT_STRING);
    if (!der_end(&d) || bits.size < 2 || bits.data[0] > 7)
        return false;
    c->signs_certs = bits.data[1] & 0x04;
    c->signs_crls = bits.data[1] & 0x02;
    return true;
}

/* One extension; critical ones that are not known make the certificate unusable. */
static bool read_extension(struct x509 *c, struct der *list, unsigned *seen)
{
    struct der d = der_enter(list, DER_SEQUENCE);
    struct span oid = der_take(&d, DER_OID);
    bool critical = false;
    if (der_peek(&d) == DER_BOOLEAN) {
        struct span b = der_take(&d, DER_BOOLEAN);
        critical = b.size == 1 && b.data[0];
    }
    struct span value = der_take(&d, DER_OCTET_STRING);
    if (!der_end(&d))
        return false;
    unsigned bit = IS_OID(oid, OID_BASIC_CONSTRAINTS) ? 1
                   : IS_OID(oid, OID_KEY_USAGE)       ? 2
                   : IS_OID(oid, OID_SGX)             ? 4
                                                      : 0;
    if (bit & *seen)
        return false;
    *seen |= bit;
    if (bit == 1)
        return read_constraints(c, value);
    if (bit == 2)
        return read_usage(c, value);
    if (bit == 4)
        c->sgx = value;
    return bit || !critical;
}

static bool read_extensions(struct x509 *c, struct der *tbs)
{
    unsigned seen = 0;
    struct der wrap = der_enter(tbs, DER_CONTEXT_3);
    struct der list = der_enter(&wrap, DER_SEQUENCE);
    while (list.rest.size)
        if (!read_extension(c, &list, &seen))
            return false;
    return der_end(&list) && der_end(&wrap);
}

/* RelativeDistinguishedName: SET OF SEQUENCE { OID, string }; strings are printable ASCII, as in
 * all names of Intel's hierarchy. */
static bool read_pairs(struct der *set)
{
    while (set->rest.size) {
        struct der pair = der_enter(set, DER_SEQUENCE);
        struct span oid = der_take(&pair, DER_OID);
        unsigned tag = der_peek(&pair);
        bool known = tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
        struct span text = der_take(&pair, tag);
        if (!der_end(&pair) || oid.size == 0 || !known)
            return false;
        for (size_t i = 0; i < text.size; i++)
            if (text.data[i] < ' ' || text.data[i] > '~')
                return false;
    }
    return der_end(set);
}

bool x509_is_name(struct span name)
{
    struct der whole = der_over(name);
    struct der names = der_enter(&whole, DER_SEQUENCE);
    while (names.rest.size) {
        struct der set = der_enter(&names, DER_SET);
        if (set.rest.size == 0 || !read_pairs(&set))
            return false;
    }
    return der_end(&names) && der_end(&whole);
}

static bool read_tbs(struct x509 *c, struct span *algorithm)
{
    struct der whole = der_over(c->tbs);
    struct der d = der_enter(&whole, DER_SEQUENCE);
    struct der version = der_enter(&d, DER_CONTEXT_0);
    uint32_t number = der_uint(&version, DER_INTEGER, 2);
    c->serial = der_take(&d, DER_INTEGER);
    *algorithm = der_take(&d, DER_SEQUENCE);
    c->issuer = der_take_whole(&d, DER_SEQUENCE);
    struct der validity = der_enter(&d, DER_SEQUENCE);
    c->not_before = der_time(&validity);
    c->not_after = der_time(&validity);
    c->subject = der_take_whole(&d, DER_SEQUENCE);
    c->spki = der_take_whole(&d, DER_SEQUENCE);
    bool fits = c->spki.size == sizeof SPKI_P256 + 64 &&
                memcmp(c->spki.data, SPKI_P256, sizeof SPKI_P256) == 0;
    if (!fits || number != 2 || !der_end(&version) || !der_end(&validity))
        return false;
    memcpy(c->key, c->spki.data + sizeof SPKI_P256, 64);
    return x509_is_name(c->issuer) && x509_is_name(c->subject) && der_is_integer(c->serial) &&
           c->serial.size <= 32 && read_extensions(c, &d) && der_end(&d) && der_end(&whole);
}

int x509_parse(struct x509 *c, struct span der, struct err *e, const char *what)
{
    *c = (struct x509){.der = der};
    struct der file = der_over(der);
    struct der d = der_enter(&file, DER_SEQUENCE);
    struct span inner = {0};
    c->tbs = der_take_whole(&d, DER_SEQUENCE);
    struct span outer = der_take(&d, DER_SEQUENCE);
    struct span bits = der_take(&d, DER_BIT_STRING);
    if (!der_end(&d) || !der_end(&file))
        return fail(e, -EBADMSG, "%s: not a DER certificate", what);
    if (!read_tbs(c, &inner))
        return fail(e, -EBADMSG,
                    "%s: not a version 3 certificate with a P-256 key, or it has an extension that "
                    "is critical and not known",
                    what);
    if (!x509_is_ecdsa_sha256(outer) || !span_equal(inner, outer) || bits.size < 1 ||
        bits.data[0] != 0 || !der_signature(c->signature, span_of(bits.data + 1, bits.size - 1)))
        return fail(e, -EBADMSG, "%s: not signed with ECDSA and SHA-256", what);
    return 0;
}

char *x509_name(char out[64], struct span name)
{
    struct der whole = der_over(name);
    struct der names = der_enter(&whole, DER_SEQUENCE);
    memcpy(out, "(no name)", sizeof "(no name)");
    while (names.rest.size) {
        struct der set = der_enter(&names, DER_SET);
        struct der pair = der_enter(&set, DER_SEQUENCE);
        struct span oid = der_take(&pair, DER_OID);
        struct der text = pair;
        struct der value = der_enter(&text, der_peek(&pair));
        if (!IS_OID(oid, OID_COMMON_NAME) || value.bad)
            continue;
        size_t size = value.rest.size < 63 ? value.rest.size : 63;
        for (size_t i = 0; i < size; i++)
            out[i] = (char)value.rest.data[i];
        out[size] = 0;
    }
    return out;
}
