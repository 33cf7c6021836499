/* SPDX-License-Identifier: Apache-2.0
 * encls_init_test.c: EINIT and its signature check. */
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/rsa3.h"

/* An enclave of one page, signed, before EINIT. */
static void signed_enclave(struct builder *b, uint64_t more_attributes)
{
    builder_package(0);
    builder_open(b, 16 * 4096);
    b->secs->attributes.flags |= more_attributes;
    builder_fill(b, 1, RW);
}

TEST(einit_takes_a_signed_enclave_and_fills_in_its_identity)
{
    struct builder b;
    signed_enclave(&b, SGX_ATTR_KSS);
    memset(b.sigstruct->isvfamilyid, 4, 16);
    memset(b.sigstruct->isvextprodid, 5, 16);
    builder_sign_again(&b);
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), 0);
    const struct sgx_secs *secs = emu_enclave_secs(b.enclave);
    uint8_t signer[32];
    EVP_Digest(b.sigstruct->modulus, 384, signer, NULL, EVP_sha256(), NULL);
    EXPECT(memcmp(secs->mrsigner, signer, 32) == 0);
    EXPECT(memcmp(secs->mrenclave, b.sigstruct->enclavehash, 32) == 0);
    EXPECT(secs->isvprodid == 7 && secs->isvsvn == 3);
    EXPECT(emu_enclave_initialised(b.enclave));
}

TEST(einit_refuses_a_misaligned_sigstruct)
{
    struct builder b;
    signed_enclave(&b, 0);
    uint8_t *two = builder_page();
    EXPECT(two + 4096 == (uint8_t *)builder_page());
    memcpy(two + 64, b.sigstruct, sizeof *b.sigstruct);
    EXPECT_GP(encls_einit(b.enclave, (const struct sgx_sigstruct *)(two + 64)));
}

/* Spoils a field, signs again, and expects the code. */
#define EXPECT_CODE_WITH(change, code)                          \
    do {                                                        \
        builder_sign(&b);                                       \
        struct sgx_sigstruct *s = b.sigstruct;                  \
        change;                                                 \
        builder_sign_again(&b);                                 \
        EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), code); \
        EXPECT(!emu_enclave_initialised(b.enclave));            \
    } while (0)

TEST(einit_refuses_a_wrong_header_vendor_header2_or_exponent)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE_WITH(s->header[0] = 7, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->header2[0] = 0, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->vendor = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->exponent = 65537, SGX_INVALID_SIG_STRUCT);
}

TEST(einit_refuses_reserved_fields_that_are_not_zero)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE_WITH(s->reserved1[83] = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->cet_attributes = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->cet_mask = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->reserved2[0] = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->reserved3[0] = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->reserved4[11] = 1, SGX_INVALID_SIG_STRUCT);
}

TEST(einit_refuses_any_changed_byte_of_what_is_signed_or_signs)
{
    struct builder b;
    signed_enclave(&b, SGX_ATTR_KSS);
    static const size_t offsets[] = {20,   40,   43,   128,  300,  511,  516, 700,
                                     899,  904,  912,  927,  944,  960,  991, 1008,
                                     1023, 1024, 1027, 1040, 1423, 1424, 1807};
    for (size_t i = 0; i < ARRAY_COUNT(offsets); i++) {
        uint8_t *byte = (uint8_t *)b.sigstruct + offsets[i];
        *byte ^= 1;
        EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), SGX_INVALID_SIGNATURE);
        *byte ^= 1;
    }
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), 0);
}

TEST(einit_refuses_a_signature_not_below_the_modulus)
{
    struct builder b;
    signed_enclave(&b, 0);
    memset(b.sigstruct->signature, 0xff, 384);
    EXPECT(!rsa3_verify(b.sigstruct));
    memcpy(b.sigstruct->signature, b.sigstruct->modulus, 384);
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), SGX_INVALID_SIGNATURE);
}

TEST(einit_faults_without_a_valid_secs)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_EPCM_PF(encls_einit(builder_bare(), b.sigstruct), 0);
}

TEST(einit_refuses_family_and_extended_product_without_kss)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE_WITH(s->isvfamilyid[15] = 1, SGX_INVALID_SIG_STRUCT);
    EXPECT_CODE_WITH(s->isvextprodid[15] = 1, SGX_INVALID_SIG_STRUCT);
}

TEST(einit_refuses_another_measurement_and_can_be_tried_again)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE_WITH(s->enclavehash[31] ^= 1, SGX_INVALID_MEASUREMENT);
    builder_sign(&b);
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), 0);
}

TEST(einit_refuses_attributes_that_the_mask_asks_for)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE_WITH(s->attributes.flags ^= SGX_ATTR_DEBUG, SGX_INVALID_ATTRIBUTE);
    EXPECT_CODE_WITH(s->attributes.xfrm |= SGX_XFRM_AVX, SGX_INVALID_ATTRIBUTE);
    builder_sign(&b);
    b.sigstruct->attributes.flags ^= SGX_ATTR_DEBUG;
    b.sigstruct->attribute_mask.flags &= ~SGX_ATTR_DEBUG;
    builder_sign_again(&b);
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), 0);
}

TEST(einit_refuses_a_miscselect_that_the_mask_asks_for)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE_WITH(s->miscselect = SGX_MISC_EXINFO, SGX_INVALID_ATTRIBUTE);
}

TEST(einit_refuses_an_initialised_enclave)
{
    struct builder b;
    signed_enclave(&b, 0);
    EXPECT_CODE(encls_einit(b.enclave, b.sigstruct), 0);
    EXPECT_GP(encls_einit(b.enclave, b.sigstruct));
}
