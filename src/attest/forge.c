/* SPDX-License-Identifier: Apache-2.0
 * forge.c: see forge.h. */
#include "attest/forge.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <stdarg.h>
#include <stdlib.h>

#include "attest/forge_priv.h"
#include "attest/rfc3339.h"
#include "base/bytes.h"
#include "base/hex.h"

enum { SERIAL_ROOT = 1, SERIAL_CA = 2, SERIAL_LEAF = 0x7ffffff1, SERIAL_SIGNER = 4 };

static EVP_PKEY *g_keys[FORGE_KEYS];

const char *forge_level(int slot, int sgx, int tdx, int pcesvn, const char *status,
                        const char *advisories)
{
    static char out[4][4096];
    char *to = out[slot];
    size_t n = (size_t)snprintf(to, sizeof out[0], "{\"tcb\":{\"sgxtcbcomponents\":[");
    for (int i = 0; i < 16; i++)
        n += (size_t)snprintf(to + n, sizeof out[0] - n,
                              "%s{\"svn\":%d,\"category\":\"BIOS\",\"type\":\"Part %d\"}",
                              i ? "," : "", i < 3 ? sgx : 0, i + 1);
    n += (size_t)snprintf(to + n, sizeof out[0] - n, "],\"pcesvn\":%d", pcesvn);
    if (tdx >= 0) {
        n += (size_t)snprintf(to + n, sizeof out[0] - n, ",\"tdxtcbcomponents\":[");
        for (int i = 0; i < 16; i++)
            n += (size_t)snprintf(to + n, sizeof out[0] - n, "%s{\"svn\":%d}", i ? "," : "",
                                  i == 0 || i == 2 ? tdx : 0);
        n += (size_t)snprintf(to + n, sizeof out[0] - n, "]");
    }
    snprintf(to + n, sizeof out[0] - n,
             "},\"tcbDate\":\"2024-03-1%dT00:00:00Z\",\"tcbStatus\":\"%s\"%s%s}", slot, status,
             *advisories ? ",\"advisoryIDs\":" : "", advisories);
    return to;
}

void forge_init(struct forge *f)
{
    static char levels[4200];
    struct forge_dates long_time = {FORGE_NOW - 100 * FORGE_DAY, FORGE_NOW + 1000 * FORGE_DAY};
    struct forge_dates month = {FORGE_NOW - 10 * FORGE_DAY, FORGE_NOW + 20 * FORGE_DAY};
    for (int i = 0; i < FORGE_KEYS; i++)
        if (!g_keys[i])
            g_keys[i] = EVP_EC_gen("P-256");
    snprintf(levels, sizeof levels, "[%s]", forge_level(0, 5, -1, 11, "UpToDate", ""));
    *f = (struct forge){
        .version = 3,
        .root = long_time,
        .ca = long_time,
        .leaf = long_time,
        .signer = long_time,
        .tcb_info = month,
        .identity = month,
        .pck_crl = month,
        .root_crl = month,
        .leaf_name = "Intel SGX PCK Certificate",
        .ca_name = "Intel SGX PCK Processor CA",
        .signer_name = "Intel SGX TCB Signing",
        .pck_crl_signer = FORGE_CA,
        .root_crl_signer = FORGE_ROOT,
        .identity_signer = FORGE_SIGNER,
        .leaf_issuer = FORGE_CA,
        .components = {5, 5, 5},
        .pcesvn = 11,
        .fmspc = {0x20, 0x60, 0x6a, 0, 0, 0},
        .tee_tcb_svn = {3, 0, 3},
        .tee_tcb_svn2 = {3, 0, 3},
        .qe_isvsvn = 8,
        .qe_isvprodid = 1,
        .qe_mrsigner = {0x8c, 0x4f},
        .qe_attributes = {0x11},
        .tcb_info_id = "SGX",
        .levels = levels,
        .module_extra = "",
        .identity_id = "QE",
        .identity_levels = "[{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2024-03-13T00:00:00Z\","
                           "\"tcbStatus\":\"UpToDate\"}]",
        .evaluation_number = 17,
        .identity_evaluation_number = 17,
        .cert_type = 5,
    };
    memcpy(f->key, g_keys, sizeof f->key);
}

/* A small DER writer, from the back to the front. */
struct back {
    uint8_t bytes[2048];
    size_t at;
};

static void push(struct back *b, const void *data, size_t size)
{
    b->at -= size;
    memcpy(b->bytes + b->at, data, size);
}

static void push_head(struct back *b, uint8_t tag, size_t end)
{
    size_t size = end - b->at;
    uint8_t head[4] = {tag, (uint8_t)size};
    size_t n = 2;
    if (size >= 0x80) {
        head[1] = (uint8_t)(size > 0xff ? 0x82 : 0x81);
        head[2] = (uint8_t)(size > 0xff ? size >> 8 : size);
        head[3] = (uint8_t)size;
        n = size > 0xff ? 4 : 3;
    }
    push(b, head, n);
}

/* SEQUENCE { OID base.path, value }, whose value was pushed already and ends at `end`. */
static void push_field(struct back *b, size_t end, const char *path)
{
    static const uint8_t base[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 0x0d, 1};
    size_t oid_end = b->at;
    push(b, path, strlen(path)); /* numbers below 128 are their own encoding */
    push(b, base, sizeof base);
    push_head(b, 0x06, oid_end);
    push_head(b, 0x30, end);
}

static void push_uint(struct back *b, unsigned value, const char *path)
{
    size_t end = b->at;
    uint8_t bytes[3] = {0, (uint8_t)(value >> 8), (uint8_t)value};
    size_t n = value > 0x7fff ? 3 : value > 0x7f ? 2 : 1;
    push(b, bytes + 3 - n, n);
    push_head(b, 0x02, end);
    push_field(b, end, path);
}

static void push_octets(struct back *b, const void *data, size_t size, const char *path)
{
    size_t end = b->at;
    push(b, data, size);
    push_head(b, 0x04, end);
    push_field(b, end, path);
}

static struct span sgx_extension(const struct forge *f, struct back *b)
{
    static const uint8_t enumerated[] = {0x0a, 1, 0};
    uint8_t cpusvn[16] = {1, 2, 3};
    b->at = sizeof b->bytes;
    size_t all = b->at;
    push(b, enumerated, sizeof enumerated);
    push_field(b, all, "\x05");
    push_octets(b, f->fmspc, 6, "\x04");
    push_octets(b, f->pceid, 2, "\x03");
    size_t tcb = b->at;
    push_octets(b, cpusvn, 16, "\x02\x12");
    push_uint(b, f->pcesvn, "\x02\x11");
    for (int i = 15; i >= 0; i--) {
        char path[] = {2, (char)(i + 1), 0};
        push_uint(b, f->components[i], path);
    }
    push_head(b, 0x30, tcb);
    push_field(b, tcb, "\x02");
    push_octets(b, "0123456789abcdef", 16, "\x01");
    push_head(b, 0x30, all);
    return span_of(b->bytes + b->at, sizeof b->bytes - b->at);
}

static void sign(uint8_t rs[64], EVP_PKEY *key, const void *data, size_t size)
{
    uint8_t der[80];
    size_t n = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key);
    if (EVP_DigestSign(ctx, der, &n, data, size) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
    const uint8_t *p = der;
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(s), rs, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(s), rs + 32, 32);
    ECDSA_SIG_free(s);
}

static void put_signed(struct kit *k, enum kit_file file, const char *name, EVP_PKEY *key,
                       const char *inner)
{
    static char out[32768];
    uint8_t rs[64];
    char hex[129];
    sign(rs, key, inner, strlen(inner));
    int n = snprintf(out, sizeof out, "{\"%s\":%s,\"signature\":\"%s\"}", name, inner,
                     hex_write(hex, span_of(rs, 64)));
    kit_put(k, file, out, (size_t)n);
}

static void make_documents(const struct forge *f, struct kit *k)
{
    static char inner[16384];
    char id[40] = "";
    char signer[65];
    char fmspc[13];
    if (f->tcb_info_id)
        snprintf(id, sizeof id, "\"id\":\"%s\",", f->tcb_info_id);
    snprintf(inner, sizeof inner,
             "{%s\"version\":%d,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"fmspc\":\"%s\","
             "\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,%s\"tcbLevels\":%s}",
             id, f->tcb_info_id ? 3 : 2, text_time(f->tcb_info.from).s, text_time(f->tcb_info.to).s,
             hex_write(fmspc, span_of("\x20\x60\x6a\0\0\0", 6)), f->evaluation_number,
             f->module_extra, f->levels);
    put_signed(k, KIT_TCB_INFO, "tcbInfo", f->key[FORGE_SIGNER], inner);
    uint8_t mrsigner[32] = {0x8c, 0x4f};
    snprintf(inner, sizeof inner,
             "{\"id\":\"%s\",\"version\":2,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
             "\"tcbEvaluationDataNumber\":%u,\"miscselect\":\"00000000\","
             "\"miscselectMask\":\"FFFFFFFF\","
             "\"attributes\":\"11000000000000000000000000000000\","
             "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"%s\","
             "\"isvprodid\":1,\"tcbLevels\":%s}",
             f->identity_id, text_time(f->identity.from).s, text_time(f->identity.to).s,
             f->identity_evaluation_number, hex_write(signer, span_of(mrsigner, 32)),
             f->identity_levels);
    put_signed(k, KIT_QE_IDENTITY, "enclaveIdentity", f->key[f->identity_signer], inner);
}

static void make_crls(const struct forge *f, struct kit *k)
{
    long revoked[] = {17, SERIAL_LEAF, 99};
    long authorities[2];
    size_t count = 0;
    uint8_t *der;
    if (f->revoke_ca)
        authorities[count++] = SERIAL_CA;
    if (f->revoke_signer)
        authorities[count++] = SERIAL_SIGNER;
    if (!f->revoke_leaf)
        revoked[1] = 18;
    struct forge_crl pck = {f->pck_crl_issuer ? f->pck_crl_issuer : f->ca_name, f->pck_crl,
                            f->key[f->pck_crl_signer], revoked, 3};
    size_t size = forge_crl(&der, &pck);
    kit_put(k, KIT_PCK_CRL, der, size);
    OPENSSL_free(der);
    struct forge_crl root = {"Test Root", f->root_crl, f->key[f->root_crl_signer], authorities,
                             count};
    size = forge_crl(&der, &root);
    kit_put(k, KIT_ROOT_CRL, der, size);
    OPENSSL_free(der);
}

/* Puts the chains into the kit and gives the quote's certification data. */
static size_t make_certs(const struct forge *f, struct kit *k, char *chain, size_t room)
{
    struct back b;
    struct span sgx = sgx_extension(f, &b);
    EVP_PKEY *const *key = f->key;
    X509 *root = forge_cert(&(struct forge_cert){"Test Root", "Test Root", f->root, key[FORGE_ROOT],
                                                 key[FORGE_ROOT], SERIAL_ROOT, true, NULL, 0});
    X509 *ca =
        forge_cert(&(struct forge_cert){f->ca_name, "Test Root", f->ca, key[FORGE_CA],
                                        key[FORGE_ROOT], SERIAL_CA, !f->ca_without_flag, NULL, 0});
    X509 *leaf = forge_cert(&(struct forge_cert){f->leaf_name, f->ca_name, f->leaf, key[FORGE_LEAF],
                                                 key[f->leaf_issuer], SERIAL_LEAF, false, sgx.data,
                                                 sgx.size});
    X509 *signer =
        forge_cert(&(struct forge_cert){f->signer_name, "Test Root", f->signer, key[FORGE_SIGNER],
                                        key[FORGE_ROOT], SERIAL_SIGNER, false, NULL, 0});
    char pem[8192];
    kit_put(k, KIT_PCK_CRL_CHAIN, pem, forge_pem(pem, sizeof pem, (X509 *[]){ca, root}, 2));
    size_t size = forge_pem(pem, sizeof pem, (X509 *[]){signer, root}, 2);
    kit_put(k, KIT_TCB_INFO_CHAIN, pem, size);
    kit_put(k, KIT_QE_IDENTITY_CHAIN, pem, size);
    kit_put(k, KIT_ROOT_CA, pem, forge_pem(pem, sizeof pem, (X509 *[]){root}, 1));
    size = forge_pem(chain, room, (X509 *[]){leaf, ca, root}, f->cert_type == 4 ? 1 : 3);
    if (f->cert_type != 5)
        kit_put(k, KIT_PCK_CHAIN, pem, forge_pem(pem, sizeof pem, (X509 *[]){leaf, ca, root}, 3));
    X509_free(root);
    X509_free(ca);
    X509_free(leaf);
    X509_free(signer);
    return size;
}

static void public_key(uint8_t xy[64], EVP_PKEY *key)
{
    uint8_t point[65];
    size_t size;
    EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &size);
    memcpy(xy, point + 1, 64);
}

/* A growing buffer. */
struct out {
    uint8_t bytes[16384];
    size_t size;
};

static void add(struct out *o, const void *data, size_t size)
{
    memcpy(o->bytes + o->size, data, size);
    o->size += size;
}

static void add_u16(struct out *o, unsigned v)
{
    uint8_t b[2];
    put_le16(b, (uint16_t)v);
    add(o, b, 2);
}

static void add_u32(struct out *o, size_t v)
{
    uint8_t b[4];
    put_le32(b, (uint32_t)v);
    add(o, b, 4);
}

static void add_body(struct out *o, const struct forge *f)
{
    uint8_t body[648] = {0};
    size_t size = f->is_tdx ? f->td15 ? 648u : 584u : 384u;
    if (f->is_tdx) {
        memcpy(body, f->tee_tcb_svn, 16);
        memcpy(body + 64, f->mrsignerseam, 48);
        memcpy(body + 112, f->seam_attributes, 8);
        body[120] = f->debug;
        memset(body + 136, 0x4d, 48); /* MRTD */
        memcpy(body + 584, f->tee_tcb_svn2, 16);
    } else {
        body[48] = (uint8_t)(0x05 | (f->debug ? 2 : 0));
        body[56] = 0xe7;
        memset(body + 64, 0xee, 32);  /* MRENCLAVE */
        memset(body + 128, 0x55, 32); /* MRSIGNER */
        put_le16(body + 256, 7);      /* ISVPRODID */
        put_le16(body + 258, 3);      /* ISVSVN */
    }
    add(o, body, size);
}

static void add_qe(struct out *o, const struct forge *f, const uint8_t xy[64])
{
    static const uint8_t auth[32] = {1, 2, 3};
    uint8_t report[384] = {0};
    uint8_t rs[64];
    memcpy(report + 48, f->qe_attributes, 16);
    memcpy(report + 128, f->qe_mrsigner, 32);
    put_le16(report + 256, (uint16_t)f->qe_isvprodid);
    put_le16(report + 258, (uint16_t)f->qe_isvsvn);
    digest_two(report + 320, span_of(xy, 64), span_of(auth, f->bad_binding ? 31 : 32));
    sign(rs, f->key[FORGE_LEAF], report, sizeof report);
    add(o, report, sizeof report);
    add(o, rs, 64);
    add_u16(o, sizeof auth);
    add(o, auth, sizeof auth);
}

static void make_quote(const struct forge *f, struct kit *k, const char *chain, size_t chain_size)
{
    static struct out o;
    static struct out tail;
    static struct out qe;
    uint8_t xy[64];
    uint8_t rs[64];
    o.size = tail.size = qe.size = 0;
    add_u16(&o, (unsigned)f->version);
    add_u16(&o, 2);
    add_u32(&o, f->is_tdx ? 0x81 : 0);
    add_u32(&o, 0);
    add(&o, quote_intel_vendor, 16);
    add(&o, "01234567890123456789", 20);
    if (f->version == 5) {
        add_u16(&o, f->is_tdx ? f->td15 ? 3 : 2 : 1);
        add_u32(&o, f->is_tdx ? f->td15 ? 648 : 584 : 384);
    }
    add_body(&o, f);
    sign(rs, f->key[FORGE_ATTEST], o.bytes, o.size);
    public_key(xy, f->key[FORGE_ATTEST]);
    add_qe(&qe, f, xy);
    add_u16(&qe, f->cert_type);
    if (f->cert_type >= 4) {
        add_u32(&qe, chain_size);
        add(&qe, chain, chain_size);
    } else {
        add_u32(&qe, 36);
        add(&qe, "0123456789abcdef0123456789abcdef0123", 36);
    }
    add(&tail, rs, 64);
    add(&tail, xy, 64);
    if (f->version > 3) {
        add_u16(&tail, 6);
        add_u32(&tail, qe.size);
    }
    add(&tail, qe.bytes, qe.size);
    add_u32(&o, tail.size);
    add(&o, tail.bytes, tail.size);
    kit_put(k, KIT_QUOTE, o.bytes, o.size);
}

void forge_make(const struct forge *f, struct kit *k)
{
    static char chain[8192];
    memset(k, 0, sizeof *k);
    policy_init(&k->policy);
    k->at = FORGE_NOW;
    size_t size = make_certs(f, k, chain, sizeof chain);
    make_documents(f, k);
    make_crls(f, k);
    make_quote(f, k, chain, size);
    kit_trust_root_ca(k);
}
