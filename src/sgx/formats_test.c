/* SPDX-License-Identifier: Apache-2.0
 * formats_test.c: what all structures of fixed size have in common (report.h, keyrequest.h,
 * secs.h), and what each refuses. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "sgx/keyrequest.h"
#include "sgx/names.h"
#include "sgx/report.h"
#include "sgx/secs.h"

/* One structure behind untyped functions, so that a table can hold them all. */
struct format {
    const char *name;
    size_t size;
    int (*parse)(void *value, struct span in, struct err *e);
    void (*write)(const void *value, uint8_t *out);
    int (*check)(const void *value, struct err *e);
};

#define FORMAT(prefix, type)                                                  \
    static int prefix##_parse_any(void *value, struct span in, struct err *e) \
    {                                                                         \
        return prefix##_parse(value, in, e);                                  \
    }                                                                         \
    static void prefix##_write_any(const void *value, uint8_t *out)           \
    {                                                                         \
        prefix##_write(value, out);                                           \
    }                                                                         \
    static int prefix##_check_any(const void *value, struct err *e)           \
    {                                                                         \
        return prefix##_check(value, e);                                      \
    }

FORMAT(report_body, sgx_report_body)
FORMAT(report, sgx_report)
FORMAT(targetinfo, sgx_targetinfo)
FORMAT(keyrequest, sgx_keyrequest)
FORMAT(secs, sgx_secs)
FORMAT(tcs, sgx_tcs)
FORMAT(secinfo, sgx_secinfo)

#define ENTRY(prefix, bytes)                                                       \
    {                                                                              \
#prefix, bytes, prefix##_parse_any, prefix##_write_any, prefix##_check_any \
    }

enum { REPORT_BODY, REPORT, TARGETINFO, KEYREQUEST, SECS, TCS, SECINFO };
static const struct format g_formats[] = {
    ENTRY(report_body, 384), ENTRY(report, 432), ENTRY(targetinfo, 512), ENTRY(keyrequest, 512),
    ENTRY(secs, 4096),       ENTRY(tcs, 4096),   ENTRY(secinfo, 64),
};

static uint8_t g_value[4096];
static uint8_t g_bytes[4096];

TEST(formats_write_gives_any_bytes_back_and_memory_has_the_same)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_formats); i++) {
        const struct format *f = &g_formats[i];
        uint8_t in[4096];
        struct err e = {0};
        for (size_t at = 0; at < f->size; at++)
            in[at] = (uint8_t)(at * 11 + at / 251 + i + 1);
        EXPECT_EQ(f->parse(g_value, span_of(in, f->size), &e), 0);
        memset(g_bytes, 0, sizeof g_bytes);
        f->write(g_value, g_bytes);
        EXPECT(memcmp(g_bytes, in, f->size) == 0);
        EXPECT(memcmp(g_value, in, f->size) == 0);
    }
}

TEST(formats_refuse_every_truncation_and_one_byte_more)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_formats); i++) {
        const struct format *f = &g_formats[i];
        for (size_t size = 0; size <= f->size + 1; size++) {
            auto_free uint8_t *copy = calloc(1, size ? size : 1);
            struct err e = {0};
            REQUIRE(copy);
            int expected = size == f->size ? 0 : -EBADMSG;
            EXPECT_EQ(f->parse(g_value, span_of(copy, size), &e), expected);
            EXPECT_EQ(e.text[0] != 0, expected != 0);
        }
    }
}

/* Reserved areas of each structure, from the specification's tables. */
static const struct {
    int format;
    size_t at, size;
} g_reserved[] = {
    {REPORT_BODY, 21, 11}, {REPORT_BODY, 96, 32}, {REPORT_BODY, 160, 32}, {REPORT_BODY, 262, 42},
    {REPORT, 21, 11},      {REPORT, 96, 32},      {REPORT, 160, 32},      {REPORT, 262, 42},
    {TARGETINFO, 49, 1},   {TARGETINFO, 56, 8},   {TARGETINFO, 128, 384}, {KEYREQUEST, 7, 1},
    {KEYREQUEST, 78, 434}, {SECS, 33, 15},        {SECS, 96, 32},         {SECS, 160, 32},
    {SECS, 262, 3834},     {TCS, 72, 4024},       {SECINFO, 8, 56},
};

/* Bytes that pass the check, all else zero. */
static void good(int format, uint8_t *bytes)
{
    memset(bytes, 0, 4096);
    if (format == SECS) {
        put_le64(bytes, 0x10000);
        put_le64(bytes + 8, 0x7f0000000000);
        put_le32(bytes + 16, 1);
        put_le64(bytes + 48, SGX_ATTR_MODE64BIT);
        put_le64(bytes + 56, SGX_XFRM_LEGACY);
    } else if (format == TCS) {
        put_le32(bytes + 64, 0xfff);
        put_le32(bytes + 68, 0xffffffff);
    } else if (format == SECINFO) {
        put_le64(bytes, SGX_SECINFO_R | SGX_SECINFO_TYPE(SGX_PT_REG));
    }
}

static int check_bytes(int format, const uint8_t *bytes, struct err *e)
{
    const struct format *f = &g_formats[format];
    int rc = f->parse(g_value, span_of(bytes, f->size), e);
    return rc ? rc : f->check(g_value, e);
}

TEST(formats_check_refuses_each_reserved_byte)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_reserved); i++) {
        good(g_reserved[i].format, g_bytes);
        struct err e = {0};
        EXPECT_EQ(check_bytes(g_reserved[i].format, g_bytes, &e), 0);
        EXPECT_STR(e.text, "");
        for (size_t at = g_reserved[i].at; at < g_reserved[i].at + g_reserved[i].size; at++) {
            g_bytes[at] = 1;
            EXPECT_EQ(check_bytes(g_reserved[i].format, g_bytes, &e), -EBADMSG);
            g_bytes[at] = 0;
        }
        EXPECT(strstr(e.text, "reserved") != NULL);
    }
}

static const struct {
    int format;
    size_t at, size;
    uint64_t value;
    const char *words; /* NULL: it must pass */
} g_values[] = {
    {SECS, 0, 8, 0x1000, "size 0x1000"},
    {SECS, 0, 8, 0x18000, "size 0x18000"},
    {SECS, 0, 8, 0, "size 0x0"},
    {SECS, 8, 8, 0x8000, "not aligned"},
    {SECS, 8, 8, 0, NULL},
    {SECS, 16, 4, 0, "0 pages"},
    {SECS, 48, 8, 5, "INIT"},
    {SECS, 56, 8, 1, "XFRM 0x1"},
    {SECS, 56, 8, 0xe7, NULL},
    {TCS, 8, 8, 4, "flags 0x4"},
    {TCS, 8, 8, 3, NULL},
    {TCS, 16, 8, 0x1001, "begin a page"},
    {TCS, 48, 8, 0x800, "begin a page"},
    {TCS, 56, 8, 1, "begin a page"},
    {TCS, 64, 4, 0x1000, "end a page"},
    {TCS, 68, 4, 0, "end a page"},
    {SECINFO, 0, 8, 0x001, "type 0"},
    {SECINFO, 0, 8, 0x303, "type 3"},
    {SECINFO, 0, 8, 0x209, "flags 0x209"},
    {SECINFO, 0, 8, 0x202, "must be readable"},
    {SECINFO, 0, 8, 0x10203, "flags 0x10203"},
    {SECINFO, 0, 8, 0x100, NULL},
    {SECINFO, 0, 8, 0x205, NULL},
    {SECINFO, 0, 8, 0x200, NULL},
    {KEYREQUEST, 0, 2, 5, "key name 5"},
    {KEYREQUEST, 0, 2, 4, NULL},
    {KEYREQUEST, 2, 2, 0x40, "policy 0x40"},
    {KEYREQUEST, 2, 2, 0x3f, NULL},
};

TEST(formats_check_refuses_each_impossible_value_by_name)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_values); i++) {
        uint8_t value[8];
        struct err e = {0};
        good(g_values[i].format, g_bytes);
        put_le64(value, g_values[i].value);
        memcpy(g_bytes + g_values[i].at, value, g_values[i].size);
        const char *words = g_values[i].words;
        EXPECT_EQ(check_bytes(g_values[i].format, g_bytes, &e), words ? -EBADMSG : 0);
        if (words && !strstr(e.text, words))
            test_failed(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", e.text, words);
    }
}

TEST(targetinfo_of_a_report_takes_what_the_report_key_depends_on)
{
    uint8_t in[REPORT_BODY_SIZE];
    struct sgx_report_body body;
    struct sgx_targetinfo t;
    struct err e = {0};
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i + i / 256 * 3 + 1);
    REQUIRE(report_body_parse(&body, span_of(in, sizeof in), &e) == 0);
    targetinfo_of_report(&t, &body);
    uint8_t out[TARGETINFO_SIZE];
    targetinfo_write(&t, out);
    EXPECT(memcmp(out, in + 64, 32) == 0);       /* MRENCLAVE */
    EXPECT(memcmp(out + 32, in + 48, 16) == 0);  /* ATTRIBUTES */
    EXPECT_EQ(out[48], in[20]);                  /* CET */
    EXPECT(memcmp(out + 50, in + 260, 2) == 0);  /* CONFIGSVN */
    EXPECT(memcmp(out + 52, in + 16, 4) == 0);   /* MISCSELECT */
    EXPECT(memcmp(out + 64, in + 192, 64) == 0); /* CONFIGID */
    EXPECT_EQ(targetinfo_check(&t, &e), 0);
}

TEST(report_of_a_real_quote_is_read)
{
    uint8_t quote[48 + REPORT_BODY_SIZE];
    FILE *f = fopen(test_data("attestation/sgx-v3-debug-enclave/quote.bin"), "rb");
    size_t size = f ? fread(quote, 1, sizeof quote, f) : 0;
    if (f)
        fclose(f);
    REQUIRE(size == sizeof quote);
    struct sgx_report_body body;
    struct err e = {0};
    REQUIRE(report_body_parse(&body, span_of(quote + 48, REPORT_BODY_SIZE), &e) == 0);
    EXPECT_EQ(report_body_check(&body, &e), 0);
    EXPECT_EQ(body.attributes.flags & (SGX_ATTR_INIT | SGX_ATTR_DEBUG | SGX_ATTR_MODE64BIT), 7);
    EXPECT_EQ(body.attributes.xfrm & 3, 3);
}

TEST(names_are_found_and_unknown_numbers_say_so)
{
    EXPECT_STR(sgx_name_of(sgx_key_names, SGX_KEY_SEAL), "seal");
    EXPECT_STR(sgx_name_of(sgx_error_names, 64), "SGX_INVALID_ISVSVN");
    EXPECT_STR(sgx_name_of(sgx_page_type_names, 2), "reg");
    EXPECT_STR(sgx_name_of(sgx_key_names, 5), "unknown");
}
