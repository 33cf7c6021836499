/* SPDX-License-Identifier: Apache-2.0
 * forge_cert.c: certificates and lists, written by OpenSSL. */
#include "attest/forge_priv.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static X509_NAME *name_of(const char *common)
{
    X509_NAME *n = X509_NAME_new();
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0);
    X509_NAME_add_entry_by_txt(n, "O", MBSTRING_ASC, (const unsigned char *)"Test", -1, -1, 0);
    return n;
}

static void add_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

static void add_raw(X509 *x, const char *oid, const uint8_t *data, size_t size)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(octets, data, (int)size);
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(octets);
}

X509 *forge_cert(const struct forge_cert *c)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), c->serial);
    X509_NAME *subject = name_of(c->subject);
    X509_NAME *issuer = name_of(c->issuer);
    X509_set_subject_name(x, subject);
    X509_set_issuer_name(x, issuer);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)c->dates.from);
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)c->dates.to);
    X509_set_pubkey(x, c->key);
    add_extension(x, NID_basic_constraints, c->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(x, NID_key_usage,
                  c->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    add_extension(x, NID_subject_key_identifier, "hash");
    if (c->sgx_size)
        add_raw(x, "1.2.840.113741.1.13.1", c->sgx, c->sgx_size);
    X509_sign(x, c->signer, EVP_sha256());
    return x;
}

size_t forge_crl(uint8_t **out, const struct forge_crl *c)
{
    X509_CRL *l = X509_CRL_new();
    X509_CRL_set_version(l, 1);
    X509_NAME *issuer = name_of(c->issuer);
    X509_CRL_set_issuer_name(l, issuer);
    X509_NAME_free(issuer);
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)c->dates.from);
    X509_CRL_set1_lastUpdate(l, t);
    for (size_t i = 0; i < c->count; i++) {
        X509_REVOKED *r = X509_REVOKED_new();
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        ASN1_INTEGER_set(serial, c->serial[i]);
        X509_REVOKED_set_serialNumber(r, serial);
        X509_REVOKED_set_revocationDate(r, t);
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        ASN1_ENUMERATED_set(reason, 1);
        X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, reason, 0, 0);
        ASN1_ENUMERATED_free(reason);
        X509_CRL_add0_revoked(l, r);
        ASN1_INTEGER_free(serial);
    }
    ASN1_TIME_set(t, (time_t)c->dates.to);
    X509_CRL_set1_nextUpdate(l, t);
    ASN1_TIME_free(t);
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, 7);
    X509_CRL_add1_ext_i2d(l, NID_crl_number, number, 0, 0);
    ASN1_INTEGER_free(number);
    X509_CRL_sort(l);
    X509_CRL_sign(l, c->signer, EVP_sha256());
    *out = NULL;
    int size = i2d_X509_CRL(l, out);
    X509_CRL_free(l);
    return (size_t)size;
}

size_t forge_pem(char *out, size_t room, X509 *const *certs, size_t count)
{
    BIO *b = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < count; i++)
        PEM_write_bio_X509(b, certs[i]);
    char *data;
    long size = BIO_get_mem_data(b, &data);
    if ((size_t)size >= room)
        abort();
    memcpy(out, data, (size_t)size);
    BIO_free(b);
    return (size_t)size;
}
