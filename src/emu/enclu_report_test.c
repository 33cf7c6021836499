/* SPDX-License-Identifier: Apache-2.0
 * enclu_report_test.c: EREPORT, and the operand checks that all data operands share. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sys/mman.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"

enum { SIZE = 64 * 4096, TARGET = 0, DATA = 4096, OUT = 8192 };

static void ready(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    b->secs->attributes.flags |= SGX_ATTR_KSS;
    b->secs->configid[3] = 9;
    b->secs->configsvn = 2;
    b->secs->miscselect = SGX_MISC_EXINFO;
    builder_fill(b, 4, RW);
    memset(b->sigstruct->isvfamilyid, 0xfa, 16);
    memset(b->sigstruct->isvextprodid, 0xeb, 16);
    builder_sign_again(b);
    EXPECT_EQ(builder_init(b), 0);
    EXPECT_EQ(emu_mmap(b->base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b->fd, 0),
              b->base);
}

static struct emu_outcome report(struct builder *b, uint64_t target, uint64_t data, uint64_t out)
{
    struct emu_regs regs = {
        .rax = SGX_EREPORT, .rbx = b->base + target, .rcx = b->base + data, .rdx = b->base + out};
    return emu_enclu(b->enclave, SGX_EREPORT, &regs);
}

/* The TARGETINFO that names the enclave itself. */
static void target_self(struct builder *b)
{
    struct sgx_targetinfo *t = emu_enclave_alias(b->enclave, b->base + TARGET);
    const struct sgx_secs *secs = emu_enclave_secs(b->enclave);
    memset(t, 0, sizeof *t);
    memcpy(t->mrenclave, secs->mrenclave, 32);
    t->attributes = secs->attributes;
    t->miscselect = secs->miscselect;
    t->configsvn = secs->configsvn;
    memcpy(t->configid, secs->configid, 64);
}

/* OpenSSL's CMAC, independent of the one under test. */
static void cmac(const uint8_t key[16], const void *data, size_t size, uint8_t mac[16])
{
    EVP_MAC *fetched = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(fetched);
    char name[] = "AES-128-CBC";
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0), OSSL_PARAM_END};
    size_t length = 0;
    EXPECT(EVP_MAC_init(ctx, key, 16, params) == 1 && EVP_MAC_update(ctx, data, size) == 1 &&
           EVP_MAC_final(ctx, mac, &length, 16) == 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(fetched);
}

TEST(ereport_says_what_the_enclave_is_and_its_target_can_check_it)
{
    struct builder b;
    ready(&b);
    target_self(&b);
    memset(emu_enclave_alias(b.enclave, b.base + DATA), 0x77, 64);
    EXPECT_CODE(report(&b, TARGET, DATA, OUT), 0);
    const struct sgx_report *r = emu_enclave_alias(b.enclave, b.base + OUT);
    const struct sgx_secs *secs = emu_enclave_secs(b.enclave);
    EXPECT(memcmp(r->body.mrenclave, secs->mrenclave, 32) == 0);
    EXPECT(memcmp(r->body.mrsigner, secs->mrsigner, 32) == 0);
    EXPECT(memcmp(r->body.configid, secs->configid, 64) == 0);
    EXPECT(memcmp(&r->body.attributes, &secs->attributes, 16) == 0);
    EXPECT(r->body.attributes.flags & SGX_ATTR_INIT);
    EXPECT(r->body.isvprodid == 7 && r->body.isvsvn == 3 && r->body.configsvn == 2);
    EXPECT(r->body.isvfamilyid[0] == 0xfa && r->body.isvextprodid[15] == 0xeb);
    EXPECT(r->body.reportdata[63] == 0x77 && r->body.miscselect == SGX_MISC_EXINFO);
    EXPECT(bytes_are_zero(r->body.reserved1, sizeof r->body.reserved1) &&
           bytes_are_zero(r->body.reserved4, sizeof r->body.reserved4));

    struct sgx_keyrequest *request = emu_enclave_alias(b.enclave, b.base + TARGET);
    memset(request, 0, sizeof *request);
    request->keyname = SGX_KEY_REPORT;
    memcpy(request->keyid, r->keyid, 32);
    struct emu_regs regs = {.rbx = b.base + TARGET, .rcx = b.base + DATA};
    EXPECT_CODE(emu_enclu(b.enclave, SGX_EGETKEY, &regs), 0);
    uint8_t mac[16];
    cmac(emu_enclave_alias(b.enclave, b.base + DATA), &r->body, sizeof r->body, mac);
    EXPECT(memcmp(mac, r->mac, 16) == 0);
}

TEST(ereport_binds_the_mac_to_every_field_of_the_target)
{
    struct builder b;
    ready(&b);
    static const size_t offsets[] = {0, 31, 32, 40, 50, 52, 64, 127};
    target_self(&b);
    EXPECT_CODE(report(&b, TARGET, DATA, OUT), 0);
    struct sgx_report first;
    memcpy(&first, emu_enclave_alias(b.enclave, b.base + OUT), sizeof first);
    for (size_t i = 0; i < ARRAY_COUNT(offsets); i++) {
        target_self(&b);
        uint8_t *target = emu_enclave_alias(b.enclave, b.base + TARGET);
        target[offsets[i]] ^= 4;
        EXPECT_CODE(report(&b, TARGET, DATA, OUT), 0);
        const struct sgx_report *r = emu_enclave_alias(b.enclave, b.base + OUT);
        EXPECT(memcmp(&r->body, &first.body, sizeof first.body) == 0);
        EXPECT(memcmp(r->mac, first.mac, 16) != 0);
    }
}

TEST(ereport_refuses_misaligned_operands)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(report(&b, TARGET + 256, DATA, OUT));
    EXPECT_GP(report(&b, TARGET, DATA + 64, OUT));
    EXPECT_GP(report(&b, TARGET, DATA, OUT + 256));
}

TEST(ereport_refuses_operands_outside_elrange)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(report(&b, SIZE, DATA, OUT));
    EXPECT_GP(report(&b, TARGET, (uint64_t)-4096, OUT));
    EXPECT_GP(report(&b, TARGET, DATA, SIZE));
}

/* One of the three operands of EREPORT moved to `offset`. */
static struct emu_outcome report_at(struct builder *b, int which, uint64_t offset)
{
    return report(b, which == 0 ? offset : TARGET, which == 1 ? offset : DATA,
                  which == 2 ? offset : OUT);
}

TEST(ereport_faults_on_a_page_that_is_no_regular_page)
{
    struct builder b;
    ready(&b);
    for (int which = 0; which < 3; which++)
        EXPECT_EPCM_PF(report_at(&b, which, 4ull * 4096), b.base + 4ull * 4096); /* the TCS */
}

TEST(ereport_faults_on_pages_that_are_pending_modified_or_blocked)
{
    struct builder b;
    ready(&b);
    uint64_t page = 3ull * 4096;
    uint64_t fresh = 20ull * 4096;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = TRIM};
    for (int which = 0; which < 3; which++)
        EXPECT_EPCM_PF(report_at(&b, which, fresh), b.base + fresh); /* Linux adds it: pending */
    EXPECT(emu_epcm_peek(b.enclave, b.base + fresh).pending);
    EXPECT_CODE(encls_eblock(b.enclave, b.base + page), 0);
    for (int which = 0; which < 3; which++)
        EXPECT_EPCM_PF(report_at(&b, which, page), b.base + page);
    EXPECT_CODE(encls_emodt(b.enclave, b.base + 2ull * 4096, &secinfo), 0);
    for (int which = 0; which < 3; which++)
        EXPECT_EPCM_PF(report_at(&b, which, 2ull * 4096),
                       b.base + (which == 2 ? OUT : 2ull * 4096));
}

TEST(ereport_faults_where_the_epcm_allows_no_read_or_write)
{
    struct builder b;
    ready(&b);
    uint64_t page = 3ull * 4096;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = SGX_SECINFO_R};
    EXPECT_CODE(encls_emodpr(b.enclave, b.base + page, &secinfo), 0);
    EXPECT_CODE(report_at(&b, 0, page), 0);
    EXPECT_EPCM_PF(report_at(&b, 2, page), b.base + page);
    secinfo.flags = 0;
    EXPECT_CODE(encls_emodpr(b.enclave, b.base + page, &secinfo), 0);
    EXPECT_EPCM_PF(report_at(&b, 0, page), b.base + page);
    EXPECT_EPCM_PF(report_at(&b, 1, page), b.base + page);
}

TEST(ereport_meets_the_page_tables_before_the_epcm)
{
    struct builder b;
    ready(&b);
    uint64_t page = 3ull * 4096;
    EXPECT_EQ(emu_mprotect(b.base + page, 4096, PROT_READ), 0);
    EXPECT_CODE(report_at(&b, 0, page), 0);
    EXPECT_PAGING_PF(report_at(&b, 2, page), b.base + page);
    EXPECT_EQ(emu_mprotect(b.base + page, 4096, PROT_NONE), 0);
    EXPECT_PAGING_PF(report_at(&b, 0, page), b.base + page);
    EXPECT_EQ(emu_munmap(b.base + page, 4096), 0);
    EXPECT_PAGING_PF(report_at(&b, 1, page), b.base + page);
}

TEST(enclu_refuses_leaves_that_do_not_exist)
{
    struct builder b;
    ready(&b);
    struct emu_regs regs = {.rbx = b.base, .rcx = b.base, .rdx = b.base};
    for (unsigned leaf = 8; leaf < 64; leaf++)
        EXPECT_GP(emu_enclu(b.enclave, (enum sgx_enclu)leaf, &regs));
}
