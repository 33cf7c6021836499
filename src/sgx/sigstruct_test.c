/* SPDX-License-Identifier: Apache-2.0 */
#include "sgx/sigstruct.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/test.h"

static uint8_t g_sample[SIGSTRUCT_SIZE];

/* The second sample of testdata/attestation/sigstruct, into g_sample. */
static bool sample_read(void)
{
    FILE *f = fopen(test_data("attestation/sigstruct/fortanix_test_enclave.bin"), "rb");
    size_t size = f ? fread(g_sample, 1, sizeof g_sample, f) : 0;
    if (f)
        fclose(f);
    return size == sizeof g_sample;
}

static void expect_hex(const uint8_t *data, size_t size, const char *expected)
{
    char text[129];
    REQUIRE(size <= 64);
    EXPECT_STR(hex_write(text, span_of(data, size)), expected);
}

TEST(sigstruct_parse_reads_every_field_of_a_real_one)
{
    struct sgx_sigstruct s;
    struct err e = {0};
    REQUIRE(sample_read());
    REQUIRE(sigstruct_parse(&s, span_of(g_sample, sizeof g_sample), &e) == 0);
    EXPECT_EQ(sigstruct_check(&s, &e), 0);
    expect_hex(s.header, 16, "06000000e10000000000010000000000");
    EXPECT_EQ(s.vendor, 0);
    EXPECT_EQ(s.date, 0x20161214);
    expect_hex(s.header2, 16, "01010000600000006000000001000000");
    EXPECT_EQ(s.swdefined, 0);
    EXPECT_EQ(s.exponent, 3);
    EXPECT_EQ(s.miscselect, 0);
    EXPECT_EQ(s.miscmask, 0xffffffff);
    EXPECT_EQ(s.attributes.flags, 4);
    EXPECT_EQ(s.attributes.xfrm, 3);
    EXPECT(s.attribute_mask.flags == 0xfffffffffffffffdull);
    EXPECT(s.attribute_mask.xfrm == 0xffffffffffffff1bull);
    expect_hex(s.enclavehash, 32,
               "784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc");
    EXPECT_EQ(s.isvprodid, 65535);
    EXPECT_EQ(s.isvsvn, 0);
    EXPECT(memcmp(s.modulus, g_sample + 128, 384) == 0);
    EXPECT(memcmp(s.signature, g_sample + 516, 384) == 0);
    EXPECT(memcmp(s.q1, g_sample + 1040, 384) == 0);
    EXPECT(memcmp(s.q2, g_sample + 1424, 384) == 0);
}

TEST(sigstruct_write_gives_any_bytes_back)
{
    uint8_t in[SIGSTRUCT_SIZE];
    uint8_t out[SIGSTRUCT_SIZE];
    struct sgx_sigstruct s;
    struct err e = {0};
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7 + i / 256 + 1);
    REQUIRE(sigstruct_parse(&s, span_of(in, sizeof in), &e) == 0);
    sigstruct_write(&s, out);
    EXPECT(memcmp(in, out, sizeof in) == 0);
    /* The structure in memory has the same bytes: the emulator and the driver rely on it. */
    EXPECT(memcmp(in, &s, sizeof in) == 0);
}

TEST(sigstruct_parse_refuses_every_truncation_and_more)
{
    struct sgx_sigstruct s;
    for (size_t size = 0; size < SIGSTRUCT_SIZE; size++) {
        struct err e = {0};
        auto_free uint8_t *copy = calloc(1, size ? size : 1);
        REQUIRE(copy);
        EXPECT_EQ(sigstruct_parse(&s, span_of(copy, size), &e), -EBADMSG);
        EXPECT(e.text[0] != 0);
    }
    uint8_t longer[SIGSTRUCT_SIZE + 1] = {0};
    struct err e = {0};
    EXPECT_EQ(sigstruct_parse(&s, span_of(longer, sizeof longer), &e), -EBADMSG);
    EXPECT_STR(e.text, "SIGSTRUCT: 1808 bytes expected, 1809 found");
}

TEST(sigstruct_check_refuses_each_fixed_byte_that_differs)
{
    /* Fixed: HEADER, VENDOR, HEADER2, EXPONENT and the four reserved areas. */
    static const struct {
        size_t at, size;
    } fixed[] = {{0, 20}, {24, 16}, {44, 84}, {512, 4}, {910, 2}, {992, 16}, {1028, 12}};
    REQUIRE(sample_read());
    for (size_t i = 0; i < ARRAY_COUNT(fixed); i++) {
        for (size_t at = fixed[i].at; at < fixed[i].at + fixed[i].size; at++) {
            struct sgx_sigstruct s;
            struct err e = {0};
            g_sample[at] ^= 0x40;
            REQUIRE(sigstruct_parse(&s, span_of(g_sample, sizeof g_sample), &e) == 0);
            EXPECT_EQ(sigstruct_check(&s, &e), -EBADMSG);
            g_sample[at] ^= 0x40;
        }
    }
}

TEST(sigstruct_check_takes_intel_as_vendor_and_any_date)
{
    struct sgx_sigstruct s;
    struct err e = {0};
    sigstruct_init(&s);
    EXPECT_EQ(sigstruct_check(&s, &e), 0);
    s.vendor = 0x8086;
    s.date = 0xffffffff;
    EXPECT_EQ(sigstruct_check(&s, &e), 0);
}

TEST(sigstruct_date_follows_the_calendar)
{
    static const uint32_t good[] = {0x20240229, 0x20000229, 0x20260101, 0x20261231, 0x19991130};
    static const uint32_t bad[] = {0,          0x20230229, 0x21000229, 0x20261301,
                                   0x20260001, 0x20260100, 0x20260132, 0x20260431,
                                   0x2026010a, 0xa0260101, 0x00000101, 0x202601f1};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        EXPECT(sigstruct_date_valid(good[i]));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT(!sigstruct_date_valid(bad[i]));
}

TEST(sigstruct_signed_takes_both_parts)
{
    uint8_t in[SIGSTRUCT_SIZE];
    uint8_t covered[SIGSTRUCT_SIGNED_SIZE];
    struct sgx_sigstruct s;
    struct err e = {0};
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 5 + i / 256);
    REQUIRE(sigstruct_parse(&s, span_of(in, sizeof in), &e) == 0);
    sigstruct_signed(&s, covered);
    EXPECT(memcmp(covered, in, 128) == 0);
    EXPECT(memcmp(covered + 128, in + 900, 128) == 0);
}
