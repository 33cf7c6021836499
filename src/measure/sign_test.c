/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/sign.h"

#include <errno.h>
#include <jansson.h>

#include "base/hex.h"
#include "base/test.h"
#include "sgx/sigstruct.h"

static uint8_t g_bytes[SIGSTRUCT_SIZE];

static bool sample_read(const char *name, struct sgx_sigstruct *s)
{
    char path[128];
    struct err e;
    snprintf(path, sizeof path, "attestation/sigstruct/%s", name);
    FILE *f = fopen(test_data(path), "rb");
    size_t size = f ? fread(g_bytes, 1, sizeof g_bytes, f) : 0;
    if (f)
        fclose(f);
    return sigstruct_parse(s, span_of(g_bytes, size), &e) == 0;
}

static void expect_hex(const uint8_t *data, size_t size, const json_t *fields, const char *name)
{
    char text[2 * 64 + 1];
    EXPECT_STR(hex_write(text, span_of(data, size)),
               json_string_value(json_object_get(fields, name)));
}

TEST(sign_verify_accepts_every_real_sample_and_names_its_signer)
{
    json_t *expected = json_load_file(test_data("attestation/sigstruct/expected.json"), 0, NULL);
    REQUIRE(json_object_size(expected) == 3);
    const char *name;
    json_t *entry;
    json_object_foreach(expected, name, entry)
    {
        struct sgx_sigstruct s;
        struct err e = {0};
        uint8_t mrsigner[SHA256_SIZE];
        const json_t *fields = json_object_get(entry, "fields");
        REQUIRE(sample_read(name, &s));
        EXPECT_EQ(sign_verify(&s, &e), 0);
        EXPECT_STR(e.text, "");
        sign_mrsigner(&s, mrsigner);
        expect_hex(mrsigner, sizeof mrsigner, fields, "mrsigner");
        expect_hex(s.enclavehash, sizeof s.enclavehash, fields, "enclavehash");
        expect_hex((const uint8_t *)&s.attributes, 16, fields, "attributes");
        expect_hex((const uint8_t *)&s.attribute_mask, 16, fields, "attributemask");
        EXPECT_EQ(s.isvprodid, json_integer_value(json_object_get(fields, "isvprodid")));
    }
    json_decref(expected);
}

TEST(sign_verify_says_which_part_is_wrong)
{
    static const struct {
        size_t at;
        const char *words;
    } cases[] = {{0, "headers"},     {20, "signature"},   {128, "signature"}, {516, "signature"},
                 {960, "signature"}, {1026, "signature"}, {1030, "reserved"}, {1040, "Q1"},
                 {1423, "Q1"},       {1424, "Q2"},        {1807, "Q2"}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct sgx_sigstruct s;
        struct err e = {0};
        REQUIRE(sample_read("fortanix_sig1.bin", &s));
        g_bytes[cases[i].at] ^= 1;
        REQUIRE(sigstruct_parse(&s, span_of(g_bytes, sizeof g_bytes), &e) == 0);
        EXPECT_EQ(sign_verify(&s, &e), -EBADMSG);
        if (!strstr(e.text, cases[i].words))
            test_failed(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", e.text, cases[i].words);
    }
}

TEST(sign_make_is_reproducible_and_carries_every_option)
{
    struct err e = {0};
    struct rsa_key *key = NULL;
    struct sign_options o;
    struct sgx_sigstruct first;
    struct sgx_sigstruct second;
    uint8_t mrenclave[SHA256_SIZE];
    sha256("enclave", 7, mrenclave);
    sign_options_default(&o, (struct sgx_attributes){.flags = 6, .xfrm = 7}, 1);
    o.date = 0x20261122;
    o.vendor = 0x8086;
    o.swdefined = 0x01020304;
    o.isvprodid = 0x1234;
    o.isvsvn = 0x5678;
    o.isvfamilyid[0] = 9;
    o.isvextprodid[15] = 8;
    o.attribute_mask.xfrm = 0x1b;
    o.miscmask = 0xf;
    REQUIRE(rsa_key_new(&key, &e) == 0);
    EXPECT_EQ(sign_make(&first, mrenclave, &o, key, &e), 0);
    EXPECT_EQ(sign_make(&second, mrenclave, &o, key, &e), 0);
    EXPECT(memcmp(&first, &second, sizeof first) == 0);
    EXPECT_EQ(sign_verify(&first, &e), 0);
    EXPECT(memcmp(first.enclavehash, mrenclave, sizeof mrenclave) == 0);
    EXPECT(first.date == o.date && first.vendor == o.vendor && first.swdefined == o.swdefined);
    EXPECT(first.isvprodid == o.isvprodid && first.isvsvn == o.isvsvn);
    EXPECT(first.isvfamilyid[0] == 9 && first.isvextprodid[15] == 8);
    EXPECT(first.attributes.flags == 6 && first.attributes.xfrm == 7);
    EXPECT(first.attribute_mask.flags == ~0ull && first.attribute_mask.xfrm == 0x1b);
    EXPECT(first.miscselect == 1 && first.miscmask == 0xf);
    rsa_key_free(key);
}

TEST(sign_make_refuses_a_date_that_is_none_and_unknown_vendors)
{
    struct err e = {0};
    struct rsa_key *key = NULL;
    struct sign_options o;
    struct sgx_sigstruct s;
    uint8_t mrenclave[SHA256_SIZE] = {0};
    sign_options_default(&o, (struct sgx_attributes){.flags = 4, .xfrm = 3}, 0);
    REQUIRE(rsa_key_new(&key, &e) == 0);
    EXPECT_EQ(sign_make(&s, mrenclave, &o, key, &e), -EINVAL);
    o.date = 0x20260230;
    EXPECT_EQ(sign_make(&s, mrenclave, &o, key, &e), -EINVAL);
    o.date = 0x20260228;
    o.vendor = 1;
    EXPECT_EQ(sign_make(&s, mrenclave, &o, key, &e), -EINVAL);
    EXPECT(strstr(e.text, "vendor 0x1") != NULL);
    rsa_key_free(key);
}
