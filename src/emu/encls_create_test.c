/* SPDX-License-Identifier: Apache-2.0
 * encls_create_test.c: ECREATE. */
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/package.h"

/* ECREATE with a legal SECS that `change` may spoil. */
static struct sgx_secs *legal_secs(void)
{
    struct sgx_secs *secs = builder_page();
    secs->size = 1 << 20;
    secs->base = 0x100000;
    secs->ssaframesize = 1;
    secs->attributes.flags = SGX_ATTR_MODE64BIT;
    secs->attributes.xfrm = SGX_XFRM_LEGACY;
    return secs;
}

static struct emu_outcome create(const struct sgx_secs *secs)
{
    static _Alignas(64) struct sgx_secinfo secinfo; /* type SECS is 0 */
    struct emu_pageinfo info = {.srcpge = secs, .secinfo = &secinfo};
    return encls_ecreate(builder_bare(), &info, NULL);
}

#define EXPECT_GP_WITH(change)                \
    do {                                      \
        struct sgx_secs *secs = legal_secs(); \
        change;                               \
        EXPECT_GP(create(secs));              \
    } while (0)
#define EXPECT_OK_WITH(change)                \
    do {                                      \
        struct sgx_secs *secs = legal_secs(); \
        change;                               \
        EXPECT_CODE(create(secs), 0);         \
    } while (0)

TEST(ecreate_takes_a_legal_secs)
{
    builder_package(0);
    EXPECT_OK_WITH((void)0);
    EXPECT_OK_WITH(secs->miscselect = SGX_MISC_EXINFO);
    EXPECT_OK_WITH(secs->attributes.flags |=
                   SGX_ATTR_DEBUG | SGX_ATTR_PROVISIONKEY | SGX_ATTR_EINITTOKENKEY | SGX_ATTR_KSS);
    EXPECT_OK_WITH((secs->base = 0, secs->size = 1ull << 32));
}

TEST(ecreate_clears_what_einit_will_fill_in)
{
    builder_package(0);
    struct emu_enclave *enclave = builder_bare();
    struct sgx_secs *secs = legal_secs();
    memset(secs->mrenclave, 1, sizeof secs->mrenclave);
    memset(secs->mrsigner, 2, sizeof secs->mrsigner);
    secs->isvprodid = 3;
    secs->isvsvn = 4;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = 0};
    struct emu_pageinfo info = {.srcpge = secs, .secinfo = &secinfo};
    EXPECT_CODE(encls_ecreate(enclave, &info, NULL), 0);
    const struct sgx_secs *made = emu_enclave_secs(enclave);
    EXPECT(bytes_are_zero(made->mrenclave, 32) && bytes_are_zero(made->mrsigner, 32));
    EXPECT(made->isvprodid == 0 && made->isvsvn == 0);
}

TEST(ecreate_refuses_misaligned_operands)
{
    builder_package(0);
    _Alignas(64) struct sgx_secinfo secinfo[2] = {{.flags = 0}};
    struct emu_pageinfo info = {.srcpge = (uint8_t *)legal_secs() + 8, .secinfo = secinfo};
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
    info.srcpge = legal_secs();
    info.secinfo = (const struct sgx_secinfo *)((uint8_t *)secinfo + 8);
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
}

TEST(ecreate_refuses_a_linaddr_and_a_secs_in_pageinfo)
{
    builder_package(0);
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = 0};
    struct emu_pageinfo info = {.linaddr = 4096, .srcpge = legal_secs(), .secinfo = &secinfo};
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
    info.linaddr = 0;
    info.secs = builder_bare();
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
}

TEST(ecreate_refuses_another_page_type_and_reserved_bits_in_secinfo)
{
    builder_package(0);
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = REG};
    struct emu_pageinfo info = {.srcpge = legal_secs(), .secinfo = &secinfo};
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
    secinfo.flags = 0x40;
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
    secinfo.flags = 0;
    secinfo.reserved[55] = 1;
    EXPECT_GP(encls_ecreate(builder_bare(), &info, NULL));
}

TEST(ecreate_faults_on_a_secs_page_in_use)
{
    builder_package(0);
    struct emu_enclave *enclave = builder_bare();
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = 0};
    struct emu_pageinfo info = {.srcpge = legal_secs(), .secinfo = &secinfo};
    EXPECT_CODE(encls_ecreate(enclave, &info, NULL), 0);
    EXPECT_EPCM_PF(encls_ecreate(enclave, &info, NULL), 0);
}

TEST(ecreate_refuses_an_xfrm_without_x87_and_sse)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->attributes.xfrm = 0);
    EXPECT_GP_WITH(secs->attributes.xfrm = 1);
    EXPECT_GP_WITH(secs->attributes.xfrm = 2);
}

TEST(ecreate_refuses_an_illegal_xfrm)
{
    builder_package(0);
    EXPECT_GP_WITH((secs->ssaframesize = 4, secs->attributes.xfrm = 0x60003)); /* AMX */
    EXPECT_GP_WITH((secs->ssaframesize = 4, secs->attributes.xfrm = 0x23));    /* part of AVX-512 */
    EXPECT_GP_WITH((secs->ssaframesize = 4, secs->attributes.xfrm = 0xe3));    /* without AVX */
    EXPECT_GP_WITH((secs->ssaframesize = 4, secs->attributes.xfrm = 1ull << 63 | 3));
    EXPECT_GP_WITH((secs->ssaframesize = 4, secs->attributes.xfrm = 0xb)); /* half of MPX */
}

TEST(ecreate_refuses_an_unknown_miscselect)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->miscselect = 2);
    EXPECT_GP_WITH(secs->miscselect = 1u << 31);
}

TEST(ecreate_refuses_an_ssa_frame_too_small_for_its_content)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->ssaframesize = 0);
}

TEST(an_ssa_frame_needs_room_for_every_component_of_its_xfrm)
{
    builder_package(0);
    EXPECT_EQ(emu_xsave_size(SGX_XFRM_LEGACY), 576);
    uint64_t avx = SGX_XFRM_LEGACY | SGX_XFRM_AVX;
    uint64_t avx512 = avx | SGX_XFRM_AVX512;
    if ((emu_package()->xfrm & avx512) != avx512)
        test_skip("no AVX-512 here");
    EXPECT_EQ(emu_xsave_size(avx), 576 + 256);
    EXPECT(emu_xsave_size(avx512) >= 576 + 256 + 64 + 512 + 1024);
    EXPECT_OK_WITH((secs->attributes.xfrm = avx512, secs->ssaframesize = 1));
}

TEST(ecreate_refuses_a_base_that_is_not_canonical)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->base = 1ull << 47);
    EXPECT_GP_WITH(secs->base = 1ull << 63);
}

TEST(ecreate_refuses_a_32_bit_enclave_outside_the_low_4_gib_or_too_large)
{
    builder_package(0);
    EXPECT_OK_WITH(secs->attributes.flags = 0);
    EXPECT_GP_WITH((secs->attributes.flags = 0, secs->base = 1ull << 32));
    EXPECT_GP_WITH((secs->attributes.flags = 0, secs->base = 0, secs->size = 1ull << 31));
}

TEST(ecreate_refuses_a_size_above_cpuid_maximum)
{
    builder_package(0);
    EXPECT_GP_WITH((secs->base = 0, secs->size = 1ull << EMU_MAX_SIZE_64_LOG2));
}

TEST(ecreate_refuses_a_size_below_two_pages_or_no_power_of_two)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->size = 0);
    EXPECT_GP_WITH(secs->size = 4096);
    EXPECT_GP_WITH((secs->base = 0, secs->size = 3 * 4096));
    EXPECT_OK_WITH(secs->size = 8192);
}

TEST(ecreate_refuses_a_base_not_aligned_to_the_size)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->base = 0x80000);
    EXPECT_GP_WITH(secs->base = 0x101000);
}

TEST(ecreate_refuses_unsupported_attributes)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->attributes.flags |= SGX_ATTR_INIT);
    EXPECT_GP_WITH(secs->attributes.flags |= 8);
    EXPECT_GP_WITH(secs->attributes.flags |= SGX_ATTR_CET);
    EXPECT_GP_WITH(secs->attributes.flags |= SGX_ATTR_AEXNOTIFY);
    EXPECT_GP_WITH(secs->attributes.flags |= 1ull << 63);
}

TEST(ecreate_refuses_reserved_fields_that_are_not_zero)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->cet_legacy_offset = 4096);
    EXPECT_GP_WITH(secs->cet_attributes = 1);
    EXPECT_GP_WITH(secs->reserved1[14] = 1);
    EXPECT_GP_WITH(secs->reserved2[0] = 1);
    EXPECT_GP_WITH(secs->reserved3[31] = 1);
    EXPECT_GP_WITH(secs->reserved4[3833] = 1);
}

TEST(ecreate_refuses_configid_and_configsvn_without_kss)
{
    builder_package(0);
    EXPECT_GP_WITH(secs->configid[63] = 1);
    EXPECT_GP_WITH(secs->configsvn = 1);
    EXPECT_OK_WITH(
        (secs->configid[63] = 1, secs->configsvn = 1, secs->attributes.flags |= SGX_ATTR_KSS));
}
