/* SPDX-License-Identifier: Apache-2.0
 * encls_add_test.c: EADD and EEXTEND. */
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"

enum { SIZE = 64 * 4096 };

/* An enclave after CREATE. */
static void created(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    EXPECT_EQ(builder_create(b), 0);
}

static struct emu_outcome add(struct builder *b, uint64_t offset, uint64_t flags)
{
    b->secinfo->flags = flags;
    struct emu_pageinfo info = {
        .linaddr = b->base + offset, .srcpge = b->page, .secinfo = b->secinfo, .secs = b->enclave};
    return encls_eadd(b->enclave, &info);
}

TEST(eadd_copies_the_page_and_writes_the_epcm)
{
    struct builder b;
    created(&b);
    memset(b.page, 0x42, 4096);
    EXPECT_CODE(add(&b, 4096, RX), 0);
    const uint8_t *alias = emu_enclave_alias(b.enclave, b.base + 4096);
    EXPECT(memcmp(alias, b.page, 4096) == 0);
    struct emu_epcm epcm = emu_epcm_peek(b.enclave, b.base + 4096);
    EXPECT(epcm.valid && epcm.type == SGX_PT_REG && !epcm.pending && !epcm.modified && !epcm.pr &&
           !epcm.blocked);
    EXPECT_EQ(epcm.perm, SGX_SECINFO_R | SGX_SECINFO_X);
    EXPECT(!emu_epcm_peek(b.enclave, b.base).valid);
}

TEST(eadd_of_a_tcs_clears_what_belongs_to_the_cpu)
{
    struct builder b;
    created(&b);
    struct sgx_tcs *tcs = (struct sgx_tcs *)(void *)b.page;
    *tcs = (struct sgx_tcs){.state = 1,
                            .flags = SGX_TCS_DBGOPTIN,
                            .cssa = 5,
                            .nssa = 2,
                            .aep = 99,
                            .ossa = 4096,
                            .oentry = 16};
    EXPECT_CODE(add(&b, 0, TCS | SGX_SECINFO_R | SGX_SECINFO_W), 0);
    const struct sgx_tcs *made = emu_enclave_alias(b.enclave, b.base);
    EXPECT(made->state == 0 && made->flags == 0 && made->cssa == 0 && made->aep == 0);
    EXPECT(made->nssa == 2 && made->ossa == 4096 && made->oentry == 16);
    EXPECT_EQ(emu_epcm_peek(b.enclave, b.base).perm, 0);
}

TEST(eadd_measures_a_tcs_without_its_permissions)
{
    struct builder b;
    created(&b);
    /* The driver refuses a TCS with permissions, so the leaf is called and the record is made here.
     */
    EXPECT_CODE(add(&b, 0, TCS | SGX_SECINFO_R), 0);
    uint8_t record[64] = "EADD";
    put_le64(record + 16, TCS);
    EVP_DigestUpdate(b.hash, record, sizeof record);
    builder_sign(&b);
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), 0);
}

TEST(eadd_refuses_misaligned_operands)
{
    struct builder b;
    created(&b);
    EXPECT_GP(add(&b, 8, RW));
    b.secinfo->flags = RW;
    struct emu_pageinfo info = {
        .linaddr = b.base, .srcpge = b.page + 8, .secinfo = b.secinfo, .secs = b.enclave};
    EXPECT_GP(encls_eadd(b.enclave, &info));
    info.srcpge = b.page;
    memmove((uint8_t *)b.secinfo + 8, b.secinfo, sizeof *b.secinfo);
    info.secinfo = (const struct sgx_secinfo *)((uint8_t *)b.secinfo + 8);
    EXPECT_GP(encls_eadd(b.enclave, &info));
}

TEST(eadd_refuses_reserved_bits_in_secinfo)
{
    struct builder b;
    created(&b);
    EXPECT_GP(add(&b, 0, RW | 0x40));
    EXPECT_GP(add(&b, 0, RW | 1ull << 16));
    b.secinfo->reserved[0] = 1;
    EXPECT_GP(add(&b, 0, RW));
}

TEST(eadd_refuses_page_types_other_than_reg_and_tcs)
{
    struct builder b;
    created(&b);
    for (unsigned type = 0; type < 256; type++)
        if (type != SGX_PT_REG && type != SGX_PT_TCS)
            EXPECT_GP(add(&b, 0, SGX_SECINFO_TYPE(type)));
}

TEST(eadd_faults_on_a_page_that_is_valid)
{
    struct builder b;
    created(&b);
    EXPECT_CODE(add(&b, 0, RW), 0);
    EXPECT_EPCM_PF(add(&b, 0, RW), b.base);
}

TEST(eadd_faults_without_a_valid_secs)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    b.enclave = builder_bare();
    EXPECT_EPCM_PF(add(&b, 0, RW), 0);
}

TEST(eadd_refuses_a_tcs_with_reserved_fields)
{
    struct builder b;
    created(&b);
    b.page[4095] = 1;
    EXPECT_GP(add(&b, 0, TCS));
    b.page[4095] = 0;
    b.page[72] = 1;
    EXPECT_GP(add(&b, 0, TCS));
    b.page[72] = 0;
    b.page[8] = SGX_TCS_AEXNOTIFY; /* not enumerated */
    EXPECT_GP(add(&b, 0, TCS));
    b.page[8] = 0;
    EXPECT_CODE(add(&b, 0, TCS), 0);
}

TEST(eadd_refuses_a_32_bit_tcs_with_limits_inside_a_page)
{
    builder_package(0);
    struct emu_enclave *enclave = builder_bare();
    struct sgx_secs *secs = builder_page();
    secs->size = SIZE;
    secs->ssaframesize = 1;
    secs->attributes.xfrm = SGX_XFRM_LEGACY;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = 0};
    struct emu_pageinfo info = {.srcpge = secs, .secinfo = &secinfo};
    EXPECT_CODE(encls_ecreate(enclave, &info, NULL), 0);
    struct sgx_tcs *tcs = builder_page();
    secinfo.flags = TCS;
    info = (struct emu_pageinfo){.srcpge = tcs, .secinfo = &secinfo, .secs = enclave};
    EXPECT_GP(encls_eadd(enclave, &info));
    tcs->fslimit = 0xfff;
    EXPECT_GP(encls_eadd(enclave, &info));
    tcs->gslimit = 0xfffff;
    EXPECT_CODE(encls_eadd(enclave, &info), 0);
}

TEST(eadd_refuses_write_without_read)
{
    struct builder b;
    created(&b);
    EXPECT_GP(add(&b, 0, REG | SGX_SECINFO_W));
    EXPECT_GP(add(&b, 0, REG | SGX_SECINFO_W | SGX_SECINFO_X));
}

TEST(eadd_refuses_an_address_outside_elrange)
{
    struct builder b;
    created(&b);
    EXPECT_GP(add(&b, SIZE, RW));
    EXPECT_GP(add(&b, (uint64_t)-4096, RW));
    EXPECT_CODE(add(&b, SIZE - 4096, RW), 0);
}

TEST(eadd_refuses_an_initialised_enclave)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    builder_finish(&b, 1, RW);
    EXPECT_GP(add(&b, 32 * 4096, RW));
}

TEST(eadd_in_bulk_measures_and_refuses_as_one_by_one)
{
    struct builder b;
    created(&b);
    EXPECT_CODE(add(&b, 5 * 4096, RW), 0);
    size_t done = 0;
    b.secinfo->flags = RW;
    EXPECT_EPCM_PF(encls_eadd_zeroes(b.enclave, b.base, 8, b.secinfo, &done), b.base + 5 * 4096);
    EXPECT_EQ(done, 5);
    EXPECT_GP(encls_eadd_zeroes(b.enclave, b.base + SIZE - 4096, 2, b.secinfo, &done));
    EXPECT_EQ(done, 1);
    b.secinfo->flags = TCS;
    EXPECT_GP(encls_eadd_zeroes(b.enclave, b.base + 4096 * 8, 1, b.secinfo, &done));
}

TEST(eextend_measures_each_chunk_of_a_page)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_create(&b), 0);
    for (size_t i = 0; i < 4096; i++)
        b.page[i] = (uint8_t)(i * 7);
    EXPECT_EQ(builder_add(&b, 0, RW, false), 0);
    for (uint64_t at = 0; at < 4096; at += 512) { /* half of the chunks */
        uint8_t record[64] = "EEXTEND";
        put_le64(record + 8, at);
        EVP_DigestUpdate(b.hash, record, sizeof record);
        EVP_DigestUpdate(b.hash, b.page + at, 256);
        EXPECT_CODE(encls_eextend(b.enclave, b.base + at), 0);
    }
    builder_sign(&b);
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT(memcmp(emu_enclave_secs(b.enclave)->mrenclave, b.sigstruct->enclavehash, 32) == 0);
}

TEST(eextend_refuses_a_misaligned_chunk)
{
    struct builder b;
    created(&b);
    EXPECT_CODE(add(&b, 0, RW), 0);
    EXPECT_GP(encls_eextend(b.enclave, b.base + 64));
}

TEST(eextend_faults_on_a_page_that_is_not_there)
{
    struct builder b;
    created(&b);
    EXPECT_EPCM_PF(encls_eextend(b.enclave, b.base), b.base);
    EXPECT_EPCM_PF(encls_eextend(b.enclave, b.base + SIZE), b.base + SIZE);
}

TEST(eextend_refuses_an_initialised_enclave)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    builder_finish(&b, 1, RW);
    EXPECT_GP(encls_eextend(b.enclave, b.base));
}

TEST(eextend_faults_on_a_page_that_is_trimmed)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    builder_finish(&b, 1, RW);
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = TRIM};
    EXPECT_CODE(encls_emodt(b.enclave, b.base, &secinfo), 0);
    EXPECT_EPCM_PF(encls_eextend(b.enclave, b.base), b.base);
}
