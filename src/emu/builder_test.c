/* SPDX-License-Identifier: Apache-2.0
 * builder_test.c: see builder_test.h. */
#include "emu/builder_test.h"

#include <asm/sgx.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "base/test.h"
#include "emu/create.h"

enum { PAGE = 4096 };

static char g_secret[64];

static void say(struct emu_outcome o, const char *expected, const char *file, int line)
{
    if (o.faulted)
        test_failed(file, line, "expected %s, found fault %u (%x) at %llx", expected, o.vector,
                    o.errcode, (unsigned long long)o.addr);
    else
        test_failed(file, line, "expected %s, found code %llu", expected,
                    (unsigned long long)o.rax);
}

void builder_expect_gp(struct emu_outcome outcome, const char *file, int line)
{
    if (!outcome.faulted || outcome.vector != SGX_VECTOR_GP)
        say(outcome, "#GP", file, line);
}

void builder_expect_pf(struct emu_outcome outcome, uint64_t addr, uint32_t sgx_bit,
                       const char *file, int line)
{
    bool right = outcome.faulted && outcome.vector == SGX_VECTOR_PF && outcome.addr == addr &&
                 (outcome.errcode & BUILDER_EPCM) == sgx_bit;
    if (!right)
        say(outcome, sgx_bit ? "#PF by the EPCM" : "#PF by the page tables", file, line);
}

void builder_expect_code(struct emu_outcome outcome, uint64_t code, const char *file, int line)
{
    if (outcome.faulted || outcome.rax != code)
        say(outcome, code ? "another code" : "success", file, line);
}

const char *builder_package(uint64_t epc_size)
{
    char folder[] = "/tmp/emu-test-XXXXXX";
    if (!g_secret[0]) {
        if (!mkdtemp(folder))
            abort();
        snprintf(g_secret, sizeof g_secret, "%s/secret", folder);
    }
    struct emu_options options = {.mode = EMU_TRAP, .epc_size = epc_size, .secret_path = g_secret};
    struct err e = {.code = 0};
    if (emu_start(&options, &e))
        test_failed(__FILE__, __LINE__, "emu_start: %s", e.text);
    return g_secret;
}

void *builder_page(void)
{
    static _Alignas(PAGE) uint8_t pages[512][PAGE];
    static size_t used;
    if (used == ARRAY_COUNT(pages))
        abort();
    return pages[used++];
}

struct emu_enclave *builder_bare(void)
{
    static struct emu_enclave *made[64];
    static size_t count;
    if (count == ARRAY_COUNT(made))
        abort();
    made[count] = emu_enclave_new(O_RDWR);
    return made[count++];
}

static EVP_MD_CTX *new_hash(void)
{
    static EVP_MD_CTX *made[64];
    static size_t count;
    if (count == ARRAY_COUNT(made))
        abort();
    made[count] = EVP_MD_CTX_new();
    return made[count++];
}

void builder_open(struct builder *b, uint64_t size)
{
    *b = (struct builder){.size = size, .hash = new_hash()};
    b->secs = builder_page();
    b->page = builder_page();
    b->secinfo = builder_page();
    b->sigstruct = builder_page();
    b->fd = emu_open_enclave(O_RDWR | O_CLOEXEC);
    void *area =
        mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED)
        abort();
    b->base = ((uintptr_t)area + size - 1) & ~(size - 1);
    b->secs->size = size;
    b->secs->base = b->base;
    b->secs->ssaframesize = 1;
    b->secs->attributes.flags = SGX_ATTR_MODE64BIT | SGX_ATTR_DEBUG;
    b->secs->attributes.xfrm = SGX_XFRM_LEGACY;
}

int builder_create(struct builder *b)
{
    struct sgx_enclave_create args = {.src = (uintptr_t)b->secs};
    int rc = emu_ioctl(b->fd, SGX_IOC_ENCLAVE_CREATE, &args);
    if (rc)
        return rc;
    b->enclave = emu_enclave_at(b->base);
    uint8_t record[64] = "ECREATE";
    put_le32(record + 8, b->secs->ssaframesize);
    put_le64(record + 12, b->size);
    EVP_DigestInit(b->hash, EVP_sha256());
    EVP_DigestUpdate(b->hash, record, sizeof record);
    return 0;
}

static void measure_add(struct builder *b, uint64_t offset, uint64_t flags, bool measure)
{
    uint8_t record[64] = "EADD";
    put_le64(record + 8, offset);
    put_le64(record + 16, flags);
    EVP_DigestUpdate(b->hash, record, sizeof record);
    for (uint64_t at = 0; measure && at < PAGE; at += 256) {
        uint8_t extend[64] = "EEXTEND";
        put_le64(extend + 8, offset + at);
        EVP_DigestUpdate(b->hash, extend, sizeof extend);
        EVP_DigestUpdate(b->hash, b->page + at, 256);
    }
}

int builder_add(struct builder *b, uint64_t offset, uint64_t secinfo_flags, bool measure)
{
    b->secinfo->flags = secinfo_flags;
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)b->page,
        .offset = offset,
        .length = PAGE,
        .secinfo = (uintptr_t)b->secinfo,
        .flags = measure ? SGX_PAGE_MEASURE : 0,
    };
    int rc = emu_ioctl(b->fd, SGX_IOC_ENCLAVE_ADD_PAGES, &args);
    if (rc == 0)
        measure_add(b, offset, secinfo_flags, measure);
    return rc;
}

static EVP_PKEY *g_key;

/* One RSA-3072 key with exponent 3 for all tests, which are children of this process. */
__attribute__((constructor)) static void make_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    BIGNUM *three = BN_new();
    BN_set_word(three, 3);
    EVP_PKEY_keygen_init(ctx);
    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 3072);
    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, three);
    if (EVP_PKEY_keygen(ctx, &g_key) != 1)
        abort();
    BN_free(three);
    EVP_PKEY_CTX_free(ctx);
}

static void reverse(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        uint8_t swap = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = swap;
    }
}

static void fill_quotients(struct sgx_sigstruct *s, BIGNUM *m)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *sig = BN_lebin2bn(s->signature, 384, NULL);
    BIGNUM *product = BN_new();
    BIGNUM *q1 = BN_new();
    BIGNUM *rest = BN_new();
    BIGNUM *q2 = BN_new();
    BN_sqr(product, sig, ctx);
    BN_div(q1, rest, product, m, ctx);
    BN_mul(product, sig, rest, ctx);
    BN_div(q2, NULL, product, m, ctx);
    BN_bn2lebinpad(q1, s->q1, 384);
    BN_bn2lebinpad(q2, s->q2, 384);
    BN_free(sig);
    BN_free(product);
    BN_free(q1);
    BN_free(rest);
    BN_free(q2);
    BN_CTX_free(ctx);
}

void builder_sign_again(struct builder *b)
{
    struct sgx_sigstruct *s = b->sigstruct;
    BIGNUM *m = NULL;
    EVP_PKEY_get_bn_param(g_key, "n", &m);
    BN_bn2lebinpad(m, s->modulus, 384);
    uint8_t message[256];
    memcpy(message, s, 128);
    memcpy(message + 128, &s->miscselect, 128);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = 384;
    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, g_key);
    if (EVP_DigestSign(ctx, s->signature, &size, message, sizeof message) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
    reverse(s->signature, 384);
    fill_quotients(s, m);
    BN_free(m);
}

void builder_sign(struct builder *b)
{
    struct sgx_sigstruct *s = b->sigstruct;
    memset(s, 0, sizeof *s);
    memcpy(s->header, "\x06\0\0\0\xe1\0\0\0\0\0\x01\0\0\0\0", 16);
    memcpy(s->header2, "\x01\x01\0\0\x60\0\0\0\x60\0\0\0\x01\0\0", 16);
    s->date = 0x20261122;
    s->exponent = 3;
    s->attributes = b->secs->attributes;
    s->attribute_mask.flags = ~0ull;
    s->attribute_mask.xfrm = ~0ull;
    s->attribute_mask.flags &= ~SGX_ATTR_INIT;
    s->miscselect = b->secs->miscselect;
    s->miscmask = ~0u;
    s->isvprodid = 7;
    s->isvsvn = 3;
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    EVP_MD_CTX_copy(copy, b->hash);
    EVP_DigestFinal(copy, s->enclavehash, NULL);
    EVP_MD_CTX_free(copy);
    builder_sign_again(b);
}

int builder_init(struct builder *b)
{
    struct sgx_enclave_init args = {.sigstruct = (uintptr_t)b->sigstruct};
    return emu_ioctl(b->fd, SGX_IOC_ENCLAVE_INIT, &args);
}

void builder_fill(struct builder *b, size_t count, uint64_t secinfo_flags)
{
    EXPECT_EQ(builder_create(b), 0);
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(builder_add(b, i * PAGE, secinfo_flags, true), 0);
    struct sgx_tcs *tcs = builder_page();
    tcs->nssa = 1;
    memcpy(b->page, tcs, PAGE);
    EXPECT_EQ(builder_add(b, count * PAGE, SGX_SECINFO_TYPE(SGX_PT_TCS), true), 0);
    memset(b->page, 0, PAGE);
    builder_sign(b);
}

void builder_finish(struct builder *b, size_t count, uint64_t secinfo_flags)
{
    builder_fill(b, count, secinfo_flags);
    EXPECT_EQ(builder_init(b), 0);
    int prot = (secinfo_flags & SGX_SECINFO_R ? PROT_READ : 0) |
               (secinfo_flags & SGX_SECINFO_W ? PROT_WRITE : 0) |
               (secinfo_flags & SGX_SECINFO_X ? PROT_EXEC : 0);
    EXPECT_EQ(emu_mmap(b->base, count * PAGE, prot, MAP_SHARED | MAP_FIXED, b->fd, 0), b->base);
    EXPECT_EQ(emu_mmap(b->base + count * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                       b->fd, 0),
              b->base + count * PAGE);
}
