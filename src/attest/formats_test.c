/* SPDX-License-Identifier: Apache-2.0
 * formats_test.c: times, DER, PEM, certificates and lists; OpenSSL is the oracle. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "attest/crl.h"
#include "attest/der.h"
#include "attest/forge_priv.h"
#include "attest/pck.h"
#include "attest/rfc3339.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "base/test.h"

static int64_t when(const char *text)
{
    int64_t at = -1;
    return rfc3339_parse(&at, span_text(text)) ? INT64_MIN : at;
}

TEST(time_reads_what_rfc3339_allows)
{
    EXPECT_EQ(when("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(when("2025-07-01T00:00:00Z"), 1751328000);
    EXPECT_EQ(when("2025-07-01t02:00:00.5+02:00"), 1751328000);
    EXPECT_EQ(when("2025-06-30T23:30:00-00:30"), 1751328000);
    EXPECT_EQ(when("2024-02-29T00:00:00z"), 1709164800);
    EXPECT_EQ(when("1969-12-31T23:59:59Z"), -1);
    EXPECT_EQ(when("2016-12-31T23:59:60Z"), 1483228800);
    static const char *const bad[] = {"",
                                      "2025",
                                      "2025-07-01",
                                      "2025-07-01T00:00:00",
                                      "2025-07-01 00:00:00Z",
                                      "2025-02-29T00:00:00Z",
                                      "2025-13-01T00:00:00Z",
                                      "2025-00-01T00:00:00Z",
                                      "2025-07-00T00:00:00Z",
                                      "2025-07-32T00:00:00Z",
                                      "2025-07-01T24:00:00Z",
                                      "2025-07-01T00:60:00Z",
                                      "2025-07-01T00:00:61Z",
                                      "2025-07-01T00:00:00.Z",
                                      "2025-07-01T00:00:00+24:00",
                                      "2025-07-01T00:00:00+02",
                                      "2025-07-01T00:00:00+02:60",
                                      "2025-07-01T00:00:00Zx",
                                      "25-07-01T00:00:00Z",
                                      "0000-01-01T00:00:00Z",
                                      "-025-07-01T00:00:00Z"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        if (when(bad[i]) != INT64_MIN)
            test_failed(__FILE__, __LINE__, "\"%s\" was read as a time", bad[i]);
}

TEST(time_goes_round_through_text_for_every_day)
{
    char text[RFC3339_SIZE];
    for (int64_t day = -719162; day < 2932896; day += 97) {
        int64_t at = day * 86400 + 86399;
        if (when(rfc3339_write(text, at)) != at)
            test_failed(__FILE__, __LINE__, "%s is not %lld", text, (long long)at);
    }
    EXPECT_STR(rfc3339_write(text, INT64_MAX / 2), "(no date)");
    EXPECT_STR(rfc3339_write(text, -62135596800), "0001-01-01T00:00:00Z");
}

static struct der der_hex(uint8_t *buf, const char *hex)
{
    if (hex_parse(buf, strlen(hex) / 2, span_text(hex)))
        abort();
    return der_over(span_of(buf, strlen(hex) / 2));
}

TEST(der_refuses_lengths_that_are_not_minimal_or_too_long)
{
    static const char *const bad[] = {"04",       "0480",          "048100", "04817f",
                                      "04820001", "0485000000000", "0402aa", "1f8100",
                                      "04840000", "048200ff",      "04ff"};
    uint8_t buf[16];
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        size_t size = strlen(bad[i]) / 2;
        REQUIRE(hex_parse(buf, size, span_of(bad[i], 2 * size)) == 0);
        struct der d = der_over(span_of(buf, size));
        der_skip(&d);
        if (der_end(&d))
            test_failed(__FILE__, __LINE__, "%s was read", bad[i]);
    }
}

TEST(der_reads_numbers_within_bounds_only)
{
    uint8_t buf[16];
    struct der d = der_hex(buf, "020100");
    EXPECT_EQ(der_uint(&d, DER_INTEGER, 5), 0);
    EXPECT(der_end(&d));
    d = der_hex(buf, "020200ff");
    EXPECT_EQ(der_uint(&d, DER_INTEGER, 255), 255);
    EXPECT(der_end(&d));
    d = der_hex(buf, "020500ffffffff");
    EXPECT_EQ(der_uint(&d, DER_INTEGER, 0xffffffff), 0xffffffff);
    static const char *const bad[] = {"0201ff",   "02020005",         "0200",
                                      "02020100", "0206010000000000", "0a0101"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        d = der_hex(buf, bad[i]);
        der_uint(&d, DER_INTEGER, 255);
        EXPECT(!der_end(&d));
        EXPECT_EQ(der_peek(&d), 0); /* and stays bad */
    }
}

TEST(der_reads_both_kinds_of_time)
{
    uint8_t buf[20];
    struct der d = der_hex(buf, "170d3235303730313030303030305a");
    EXPECT_EQ(der_time(&d), 1751328000);
    EXPECT(der_end(&d));
    d = der_hex(buf, "170d3639313233313233353935395a"); /* 69 is 1969 */
    EXPECT_EQ(der_time(&d), -1);
    d = der_hex(buf, "180f32303235303730313030303030305a");
    EXPECT_EQ(der_time(&d), 1751328000);
    static const char *const bad[] = {"170b323530373031303030305a", /* no seconds */
                                      "170d32353037303130303030303058",
                                      "170d3235303733323030303030305a",
                                      "170d32353a373031303030303030305a",
                                      "180d3235303730313030303030305a",
                                      "0c0100"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        size_t size = strlen(bad[i]) / 2;
        if (hex_parse(buf, size, span_of(bad[i], 2 * size)))
            continue;
        d = der_over(span_of(buf, size));
        der_time(&d);
        EXPECT(d.bad);
    }
}

TEST(der_signature_takes_exactly_two_numbers)
{
    uint8_t buf[80];
    uint8_t rs[64];
    struct der d = der_hex(buf, "3006020101020200ff");
    (void)d;
    EXPECT(!der_signature(rs, span_of(buf, 9))); /* inner length wrong */
    der_hex(buf, "3007020101020200ff");
    EXPECT(der_signature(rs, span_of(buf, 9)));
    EXPECT_EQ(rs[31], 1);
    EXPECT_EQ(rs[63], 0xff);
    der_hex(buf, "300602010102017f00");
    EXPECT(!der_signature(rs, span_of(buf, 9))); /* a byte behind it */
    der_hex(buf, "3006020101020181");
    EXPECT(!der_signature(rs, span_of(buf, 8))); /* negative */
    memset(buf, 1, sizeof buf);
    memcpy(buf, "\x30\x26\x02\x21", 4); /* 33 bytes */
    memcpy(buf + 37, "\x02\x01\x01", 3);
    EXPECT(!der_signature(rs, span_of(buf, 40)));
}

static const char *const g_chains[] = {
    "sgx-v3-sw-hardening/pck_chain.pem",
    "sgx-v3-config-sw-hardening/pck_chain.pem",
    "sgx-v3-sw-hardening/tcb_info_issuer_chain.pem",
    "tdx-v5-tcb-not-supported/pck_chain.pem",
    "sgx-v3-synthetic-root/pck_chain.pem",
    "sgx-v3-synthetic-root/tcb_info_issuer_chain.pem",
};

static struct span read_data(const char *name)
{
    static uint8_t buf[1 << 16];
    char path[256];
    snprintf(path, sizeof path, "attestation/%s", name);
    FILE *f = fopen(test_data(path), "rb");
    size_t size = f ? fread(buf, 1, sizeof buf, f) : 0;
    if (f)
        fclose(f);
    return span_of(buf, size);
}

static int64_t openssl_time(const ASN1_TIME *t)
{
    struct tm tm;
    ASN1_TIME_to_tm(t, &tm);
    return timegm(&tm);
}

/* Our reading of a certificate against OpenSSL's, field by field. */
static void compare_with_openssl(const struct x509 *c)
{
    const unsigned char *p = c->der.data;
    X509 *x = d2i_X509(NULL, &p, (long)c->der.size);
    REQUIRE(x && p == c->der.data + c->der.size);
    EXPECT_EQ(c->not_before, openssl_time(X509_get0_notBefore(x)));
    EXPECT_EQ(c->not_after, openssl_time(X509_get0_notAfter(x)));
    EXPECT_EQ(c->is_ca, X509_check_ca(x) == 1);
    EXPECT_EQ(c->signs_certs, (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) != 0);
    EXPECT_EQ(c->signs_crls, (X509_get_key_usage(x) & KU_CRL_SIGN) != 0);
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    size_t skip = c->serial.data[0] == 0 && c->serial.size > 1; /* its sign byte */
    EXPECT(span_equal(span_of(c->serial.data + skip, c->serial.size - skip),
                      span_of(serial->data, (size_t)serial->length)));
    char name[64];
    char ours[64];
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof name);
    EXPECT_STR(x509_name(ours, c->subject), name);
    uint8_t point[65];
    size_t size;
    EVP_PKEY_get_octet_string_param(X509_get0_pubkey(x), "pub", point, sizeof point, &size);
    EXPECT(memcmp(point + 1, c->key, 64) == 0);
    unsigned char *tbs = NULL;
    int tbs_size = i2d_re_X509_tbs(x, &tbs);
    EXPECT(span_equal(c->tbs, span_of(tbs, (size_t)tbs_size)));
    OPENSSL_free(tbs);
    X509_free(x);
}

TEST(x509_reads_what_openssl_reads)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_chains); i++) {
        struct chain chain;
        REQUIRE(chain_read(&chain, read_data(g_chains[i]), NULL, "chain") == 0);
        for (size_t k = 0; k < chain.count; k++)
            compare_with_openssl(&chain.cert[k]);
        chain_fini(&chain);
    }
}

TEST(x509_refuses_every_truncation_and_survives_every_bit)
{
    struct chain chain;
    REQUIRE(chain_read(&chain, read_data(g_chains[0]), NULL, "chain") == 0);
    struct span der = chain.cert[0].der;
    struct x509 c;
    for (size_t n = 0; n < der.size; n++) {
        auto_free uint8_t *copy = malloc(n ? n : 1);
        REQUIRE(copy);
        memcpy(copy, der.data, n);
        if (x509_parse(&c, span_of(copy, n), NULL, "x") == 0)
            test_failed(__FILE__, __LINE__, "%zu bytes were accepted", n);
    }
    auto_free uint8_t *copy = malloc(der.size);
    REQUIRE(copy);
    memcpy(copy, der.data, der.size);
    struct pck pck;
    for (size_t bit = 0; bit < der.size * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (x509_parse(&c, span_of(copy, der.size), NULL, "x") == 0)
            ignore(pck_parse(&pck, c.sgx, NULL));
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    chain_fini(&chain);
}

/* A certificate of our own with one thing changed by OpenSSL before it signs again. */
static int parse_changed(int what)
{
    struct forge f;
    forge_init(&f);
    X509 *x =
        forge_cert(&(struct forge_cert){"A", "A", f.root, f.key[0], f.key[0], 5, true, NULL, 0});
    EVP_PKEY *p384 = what == 1 ? EVP_EC_gen("P-384") : NULL;
    if (what == 1)
        X509_set_pubkey(x, p384);
    if (what == 2)
        X509_set_version(x, 0);
    if (what == 3) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_policy_constraints,
                                                "critical,requireExplicitPolicy:1");
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    if (what == 4)
        X509_add_ext(x, X509_get_ext(x, 0), -1); /* basic constraints twice */
    X509_sign(x, f.key[0], what == 5 ? EVP_sha384() : EVP_sha256());
    unsigned char *der = NULL;
    int size = i2d_X509(x, &der);
    struct x509 c;
    struct err e;
    int rc = x509_parse(&c, span_of(der, (size_t)size), &e, "x");
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(p384);
    return rc;
}

TEST(x509_refuses_other_keys_versions_hashes_and_unknown_critical_extensions)
{
    EXPECT_EQ(parse_changed(0), 0);
    for (int what = 1; what <= 5; what++)
        EXPECT_EQ(parse_changed(what), -EBADMSG);
}

TEST(pem_refuses_what_is_broken)
{
    struct pem_chain p;
    static const char *const bad[] = {
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA",
        "-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nA===\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAA==AAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE----------END CERTIFICATE-----"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(pem_chain_read(&p, span_text(bad[i]), NULL, "x"), -EBADMSG);
    EXPECT_EQ(pem_chain_read(&p,
                             span_text("text\n-----BEGIN CERTIFICATE-----\nq8+/\r\nYQ==\n"
                                       "-----END CERTIFICATE-----\nmore"),
                             NULL, "x"),
              0);
    EXPECT_EQ(p.count, 1);
    EXPECT(span_equal(p.der[0], span_of("\xab\xcf\xbf"
                                        "a",
                                        4)));
    pem_chain_fini(&p);
    char many[1024] = "";
    for (int i = 0; i < 9; i++)
        strncat(many, "-----BEGIN CERTIFICATE-----YQ==-----END CERTIFICATE-----", 100);
    EXPECT_EQ(pem_chain_read(&p, span_text(many), NULL, "x"), -EBADMSG);
}

TEST(chain_comes_out_leaf_first_whichever_way_it_was_written)
{
    struct chain chain;
    struct chain turned;
    char text[16384];
    REQUIRE(chain_read(&chain, read_data(g_chains[0]), NULL, "x") == 0);
    X509 *certs[3];
    for (size_t i = 0; i < 3; i++) {
        const unsigned char *p = chain.cert[2 - i].der.data;
        certs[i] = d2i_X509(NULL, &p, (long)chain.cert[2 - i].der.size);
    }
    size_t size = forge_pem(text, sizeof text, certs, 3);
    REQUIRE(chain_read(&turned, span_of(text, size), NULL, "x") == 0);
    EXPECT(span_equal(turned.cert[0].der, chain.cert[0].der));
    EXPECT(chain_root(&turned) == &turned.cert[2]);
    for (size_t i = 0; i < 3; i++)
        X509_free(certs[i]);
    chain_fini(&turned);
    chain_fini(&chain);
}

TEST(crl_reads_what_openssl_reads)
{
    static const char *const names[] = {
        "sgx-v3-sw-hardening/pck_crl.der", "tdx-v5-tcb-not-supported/pck_crl.der",
        "sgx-v3-config-sw-hardening/pck_crl.der", "sgx-v3-sw-hardening/root_ca_crl.der"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct span der = read_data(names[i]);
        struct crl c;
        REQUIRE(crl_parse(&c, der, NULL, "crl") == 0);
        const unsigned char *p = der.data;
        X509_CRL *l = d2i_X509_CRL(NULL, &p, (long)der.size);
        REQUIRE(l);
        EXPECT_EQ(c.this_update, openssl_time(X509_CRL_get0_lastUpdate(l)));
        EXPECT_EQ(c.next_update, openssl_time(X509_CRL_get0_nextUpdate(l)));
        STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(l);
        int count = list ? sk_X509_REVOKED_num(list) : 0;
        EXPECT_EQ(c.count, count);
        for (int k = 0; k < count; k++) {
            const ASN1_INTEGER *serial =
                X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, k));
            unsigned char *content = NULL;
            int size = i2d_ASN1_INTEGER(serial, &content);
            EXPECT(crl_has(&c, span_of(content + 2, (size_t)size - 2)));
            OPENSSL_free(content);
        }
        EXPECT(!crl_has(&c, span_of("\x01", 1)));
        X509_CRL_free(l);
        crl_fini(&c);
    }
}

TEST(crl_refuses_every_truncation)
{
    struct span der = read_data("sgx-v3-sw-hardening/pck_crl.der");
    for (size_t n = 0; n < der.size; n += n < 300 ? 1 : 17) {
        auto_free uint8_t *copy = malloc(n ? n : 1);
        REQUIRE(copy);
        memcpy(copy, der.data, n);
        struct crl c;
        EXPECT_EQ(crl_parse(&c, span_of(copy, n), NULL, "crl"), -EBADMSG);
    }
}

TEST(crl_refuses_critical_extensions_and_version_1)
{
    struct forge f;
    forge_init(&f);
    for (int what = 0; what < 4; what++) {
        uint8_t *der;
        long serial = 5;
        struct forge_crl spec = {"A", f.root, f.key[0], &serial, 1};
        size_t size = forge_crl(&der, &spec);
        const unsigned char *p = der;
        X509_CRL *l = d2i_X509_CRL(NULL, &p, (long)size);
        OPENSSL_free(der);
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        ASN1_INTEGER_set(number, 3);
        if (what == 1)
            X509_CRL_add1_ext_i2d(l, NID_delta_crl, number, 1, 0);
        if (what == 2) {
            ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
            ASN1_ENUMERATED_set(reason, 1);
            X509_REVOKED *r = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(l), 0);
            X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, reason, 1, X509V3_ADD_REPLACE);
            ASN1_ENUMERATED_free(reason);
        }
        X509_CRL_sign(l, f.key[0], what == 3 ? EVP_sha512() : EVP_sha256());
        der = NULL;
        size = (size_t)i2d_X509_CRL(l, &der);
        struct crl c;
        EXPECT_EQ(crl_parse(&c, span_of(der, size), NULL, "crl"), what ? -EBADMSG : 0);
        crl_fini(&c);
        ASN1_INTEGER_free(number);
        OPENSSL_free(der);
        X509_CRL_free(l);
    }
}

TEST(crl_comes_as_der_hex_or_pem)
{
    struct span der = read_data("sgx-v3-sw-hardening/root_ca_crl.der");
    uint8_t *owned;
    EXPECT(span_equal(crl_der(&owned, der), der));
    EXPECT(!owned);
    char hex[2048];
    hex_write(hex, der);
    hex[2 * der.size] = '\n';
    struct span got = crl_der(&owned, span_of(hex, 2 * der.size + 1));
    EXPECT(span_equal(got, der) && owned);
    free(owned);
    const unsigned char *p = der.data;
    X509_CRL *l = d2i_X509_CRL(NULL, &p, (long)der.size);
    BIO *b = BIO_new(BIO_s_mem());
    PEM_write_bio_X509_CRL(b, l);
    char *text;
    long size = BIO_get_mem_data(b, &text);
    got = crl_der(&owned, span_of(text, (size_t)size));
    EXPECT(span_equal(got, der) && owned);
    free(owned);
    BIO_free(b);
    X509_CRL_free(l);
    got = crl_der(&owned, span_text("neither"));
    EXPECT(!owned && got.size == 7);
    EXPECT_EQ(crl_der(&owned, span_of(NULL, 0)).size, 0);
}

static struct span sgx_of(struct chain *chain, const char *name)
{
    if (chain_read(chain, read_data(name), NULL, "x"))
        test_failed(__FILE__, __LINE__, "%s", name);
    return chain->cert[0].sgx;
}

TEST(pck_reads_both_kinds_of_platform)
{
    struct chain chain;
    struct pck p;
    struct err e = {0};
    REQUIRE(pck_parse(&p, sgx_of(&chain, g_chains[0]), &e) == 0);
    EXPECT(p.has_instance && p.has_configuration);
    EXPECT_EQ(p.sgx_type, PCK_SGX_SCALABLE);
    EXPECT_EQ(p.pcesvn, 13);
    EXPECT_EQ(p.components[0], 14);
    chain_fini(&chain);
    REQUIRE(pck_parse(&p, sgx_of(&chain, g_chains[1]), &e) == 0);
    EXPECT(!p.has_instance && !p.has_configuration);
    EXPECT_EQ(p.sgx_type, PCK_SGX_STANDARD);
    EXPECT_EQ(p.fmspc[1], 0xa0);
    chain_fini(&chain);
}

TEST(pck_refuses_every_truncation_and_every_missing_field)
{
    struct chain chain;
    struct pck p;
    struct err e = {0};
    struct span whole = sgx_of(&chain, g_chains[0]);
    for (size_t n = 0; n < whole.size; n++) {
        auto_free uint8_t *copy = malloc(n ? n : 1);
        REQUIRE(copy);
        memcpy(copy, whole.data, n);
        EXPECT_EQ(pck_parse(&p, span_of(copy, n), &e), -EBADMSG);
    }
    auto_free uint8_t *copy = malloc(whole.size);
    REQUIRE(copy);
    static const uint8_t base[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 0x0d, 1};
    unsigned fields = 0;
    for (size_t i = 0; i + 10 < whole.size; i++) {
        if (memcmp(whole.data + i, base, sizeof base) != 0)
            continue;
        memcpy(copy, whole.data, whole.size);
        bool outer = whole.data[i - 1] == 10;
        unsigned number = whole.data[i + (outer ? 9 : 10)];
        bool optional = outer ? number > 5 : whole.data[i + 9] == 7;
        copy[i + (outer ? 9 : 10)] = 60; /* a number that nobody knows */
        EXPECT_EQ(pck_parse(&p, span_of(copy, whole.size), &e), optional ? 0 : -EBADMSG);
        copy[i + (outer ? 9 : 10)] = (uint8_t)(number == 1 ? 2 : 1); /* a field twice */
        EXPECT_EQ(pck_parse(&p, span_of(copy, whole.size), &e), -EBADMSG);
        fields++;
    }
    EXPECT_EQ(fields, 28);
    chain_fini(&chain);
}

TEST(trust_takes_roots_and_nothing_else)
{
    struct trust t;
    struct err e;
    struct chain chain;
    REQUIRE(chain_read(&chain, read_data(g_chains[0]), NULL, "x") == 0);
    trust_init(&t);
    const struct trust_root *r = trust_find(&t, &chain.cert[2]);
    EXPECT(r && !r->emulated);
    EXPECT(!trust_find(&t, &chain.cert[1]));
    EXPECT_EQ(trust_add(&t, chain.cert[1].der, &e), -EBADMSG);
    EXPECT(strstr(e.text, "is not a root certificate"));
    EXPECT_EQ(trust_add(&t, span_text("x"), &e), -EBADMSG);
    EXPECT_EQ(trust_add(&t, span_text("0x"), &e), -EBADMSG);
    trust_init_empty(&t);
    EXPECT(!trust_find(&t, &chain.cert[2]));
    for (int i = 0; i < TRUST_MAX; i++)
        EXPECT_EQ(trust_add(&t, chain.cert[2].der, &e), 0);
    EXPECT_EQ(trust_add(&t, chain.cert[2].der, &e), -ENOSPC);
    r = trust_find(&t, &chain.cert[2]);
    EXPECT(r && !r->emulated); /* naming Intel's root does not make it another */
    chain_fini(&chain);
}

TEST(trust_wants_another_certificate_of_a_trusted_key_to_sign_itself)
{
    struct forge f;
    struct trust t;
    struct err e;
    forge_init(&f);
    trust_init_empty(&t);
    for (int i = 0; i < 3; i++) {
        struct forge_cert spec = {"R", "R", f.root, f.key[0], f.key[i == 2], 5 + i, true, NULL, 0};
        X509 *x = forge_cert(&spec);
        unsigned char *der = NULL;
        int size = i2d_X509(x, &der);
        struct x509 c;
        REQUIRE(x509_parse(&c, span_of(der, (size_t)size), &e, "x") == 0);
        if (i == 0)
            EXPECT_EQ(trust_add(&t, c.der, &e), 0);
        EXPECT_EQ(trust_find(&t, &c) != NULL, i != 2);
        OPENSSL_free(der);
        X509_free(x);
    }
}
