/* SPDX-License-Identifier: Apache-2.0 */
#include "sgx/quote.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/test.h"

struct sample {
    const char *set;
    unsigned version;
    unsigned tee;
    unsigned cert_type;
    size_t trailing;
    enum quote_body_type body;
};

static const struct sample g_samples[] = {
    {"sgx-v3-sw-hardening", 3, 0, 5, 0, QUOTE_BODY_SGX},
    {"sgx-v3-synthetic-root", 3, 0, 1, 0, QUOTE_BODY_SGX},
    {"tdx-v4-up-to-date", 4, 0x81, 5, 70, QUOTE_BODY_TD10},
    {"tdx-v5-tcb-not-supported", 5, 0x81, 5, 0, QUOTE_BODY_TD15},
};

static uint8_t g_bytes[8192];

static struct span sample_read(const char *set)
{
    char name[128];
    snprintf(name, sizeof name, "attestation/%s/quote.bin", set);
    FILE *f = fopen(test_data(name), "rb");
    size_t size = f ? fread(g_bytes, 1, sizeof g_bytes, f) : 0;
    if (f)
        fclose(f);
    return span_of(g_bytes, size);
}

TEST(quote_parse_splits_real_quotes_of_all_versions)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_samples); i++) {
        const struct sample *s = &g_samples[i];
        struct span in = sample_read(s->set);
        struct quote q;
        struct err e = {0};
        EXPECT_EQ(quote_parse(&q, in, &e), 0);
        EXPECT_STR(e.text, "");
        EXPECT_EQ(q.version, s->version);
        EXPECT_EQ(q.tee_type, s->tee);
        EXPECT_EQ(q.cert_type, s->cert_type);
        EXPECT_EQ(q.body_type, s->body);
        if (s->version != 4)
            EXPECT_EQ(q.trailing, s->trailing);
        EXPECT_EQ(q.signature.size, 64);
        EXPECT_EQ(q.platform.size + q.signature.size + q.signed_part.size + 4 + q.trailing,
                  in.size);
        EXPECT(q.signed_part.data == in.data);
    }
}

TEST(quote_report_parse_reads_the_fields_that_others_read)
{
    struct quote q;
    struct quote_report r;
    REQUIRE(quote_parse(&q, sample_read("sgx-v3-config-sw-hardening"), NULL) == 0);
    REQUIRE(quote_report_parse(&r, q.body, NULL) == 0);
    char hex[65];
    EXPECT_STR(hex_write(hex, span_of(r.mrenclave, 32)),
               "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb");
    EXPECT_STR(hex_write(hex, span_of(r.mrsigner, 32)),
               "815f42f11cf64430c30bab7816ba596a1da0130c3b028b673133a66cf9a3e0e6");
    EXPECT_STR(hex_write(hex, span_of(r.attributes, 16)), "0500000000000000e700000000000000");
    EXPECT_EQ(r.isvsvn, 0);
    EXPECT(memcmp(r.report_data, "Hello, world!", 14) == 0);
    EXPECT_EQ(quote_report_parse(&r, span_of(q.body.data, 383), NULL), -EBADMSG);
}

TEST(quote_td_parse_reads_both_forms_of_the_report)
{
    struct quote q;
    struct quote_td t;
    char hex[97];
    REQUIRE(quote_parse(&q, sample_read("tdx-v5-tcb-not-supported"), NULL) == 0);
    REQUIRE(quote_td_parse(&t, q.body, NULL) == 0);
    EXPECT(t.is_15);
    EXPECT_STR(hex_write(hex, span_of(t.tee_tcb_svn, 16)), "07010300000000000000000000000000");
    EXPECT_STR(hex_write(hex, span_of(t.tee_tcb_svn2, 16)), "0d010300000000000000000000000000");
    EXPECT_STR(hex_write(hex, span_of(t.td_attributes, 8)), "0000001000000000");
    EXPECT_STR(hex_write(hex, span_of(t.xfam, 8)), "e718060000000000");
    EXPECT_STR(hex_write(hex, span_of(t.mrtd, 48)),
               "273828c46252fcbdd8ad2dd907130222b03466d52a2911d70c1a5950895d6bd1"
               "ae451d382d5a9b1b4c0ed0e5ae9a3dbd");
    EXPECT_EQ(t.report_data[0], 0xd2);
    EXPECT_EQ(t.report_data[31], 0x28);
    REQUIRE(quote_parse(&q, sample_read("tdx-v4-up-to-date"), NULL) == 0);
    REQUIRE(quote_td_parse(&t, q.body, NULL) == 0);
    EXPECT(!t.is_15);
    EXPECT_EQ(quote_td_parse(&t, span_of(q.body.data, 583), NULL), -EBADMSG);
}

TEST(quote_parse_refuses_every_truncation)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_samples); i++) {
        struct span in = sample_read(g_samples[i].set);
        struct quote q;
        REQUIRE(quote_parse(&q, in, NULL) == 0);
        size_t end = in.size - q.trailing;
        for (size_t n = 0; n<end; n += n> 1100 && n + 70 < end ? 61 : 1) {
            auto_free uint8_t *copy = malloc(n ? n : 1);
            REQUIRE(copy);
            memcpy(copy, in.data, n);
            struct err e;
            if (quote_parse(&q, span_of(copy, n), &e) == 0)
                test_failed(__FILE__, __LINE__, "%zu bytes were accepted", n);
        }
        EXPECT_EQ(quote_parse(&q, span_of(in.data, end), NULL), 0);
    }
}

/* Writes `value` (2 bytes) at `at` of a good quote and says what the parser thinks. */
static int with_u16(const char *set, size_t at, unsigned value, struct err *e)
{
    struct span in = sample_read(set);
    put_le16(g_bytes + at, (uint16_t)value);
    struct quote q;
    return quote_parse(&q, in, e);
}

TEST(quote_parse_refuses_what_it_does_not_know)
{
    struct err e;
    const char *v3 = "sgx-v3-sw-hardening";
    const char *v4 = "tdx-v4-up-to-date";
    const char *v5 = "tdx-v5-tcb-not-supported";
    EXPECT_EQ(with_u16(v3, 0, 2, &e), -ENOTSUP);
    EXPECT_STR(e.text, "quote: version 3, 4 or 5 expected, 2 found");
    EXPECT_EQ(with_u16(v3, 0, 6, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v3, 2, 3, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v3, 12, 0, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v3, 1046, 7, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v3, 1046, 0, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v4, 4, 0x80, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v4, 48 + 584 + 4 + 128, 5, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v5, 48, 4, &e), -ENOTSUP);
    EXPECT_EQ(with_u16(v5, 48, 1, &e), -ENOTSUP); /* an SGX body under a TDX header */
    EXPECT_EQ(with_u16(v5, 50, 647, &e), -EBADMSG);
    EXPECT_STR(e.text, "quote: body type 3 has 648 bytes, 647 found");
}

TEST(quote_parse_refuses_lengths_that_do_not_fit)
{
    struct err e;
    const char *v3 = "sgx-v3-sw-hardening";
    EXPECT_EQ(with_u16(v3, 432, 0x10cb, &e), -EBADMSG); /* one more than there is */
    EXPECT_EQ(with_u16(v3, 432, 0x10c9, &e), -EBADMSG); /* one less */
    EXPECT_EQ(with_u16(v3, 432, 0, &e), -EBADMSG);
    EXPECT_EQ(with_u16(v3, 434, 0xffff, &e), -EBADMSG);  /* 4 GiB */
    EXPECT_EQ(with_u16(v3, 1012, 0xffff, &e), -EBADMSG); /* authentication data */
    EXPECT_EQ(with_u16(v3, 1050, 0xffff, &e), -EBADMSG); /* certification data */
}
