/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/tar.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "oci/tar_header.h"
#include "oci/tar_pax.h"
#include "oci/tar_test.h"

static struct err g_err;

/* Reads the first entry of an archive, without its content: the result of tar_next(). */
static int first(struct archive_bytes *a, struct tar **t, struct tar_entry *out)
{
    if (tar_new(t, tar_bytes(a), &g_err))
        abort();
    return tar_next(*t, out, &g_err);
}

static int first_fails(struct archive_bytes *a)
{
    struct tar *t;
    struct tar_entry entry;
    int rc = first(a, &t, &entry);
    tar_free(t);
    tar_bytes_free(a);
    return rc;
}

static bool text_is(struct span s, const char *text)
{
    return span_equal(s, span_text(text));
}

/* The content of the entry at hand with its holes, at most `room` bytes: its size, or an error. */
static int64_t content(struct tar *t, uint8_t *out, size_t room)
{
    struct tar_piece p;
    size_t size = 0;
    int rc;
    while ((rc = tar_piece(t, &p, &g_err)) == 1) {
        uint64_t part = p.hole ? p.hole : p.data.size;
        if (part > room - size)
            return -EFBIG;
        if (p.hole)
            memset(out + size, 0, (size_t)p.hole);
        else
            memcpy(out + size, p.data.data, p.data.size);
        size += (size_t)part;
    }
    return rc ? rc : (int64_t)size;
}

TEST(tar_number_reads_octal_and_binary)
{
    int64_t n;
    EXPECT_EQ(tar_number(span_text("0000644"), &n), 0);
    EXPECT_EQ(n, 0644);
    EXPECT_EQ(tar_number(span_of("  17 \0\0\0", 8), &n), 0);
    EXPECT_EQ(n, 017);
    EXPECT_EQ(tar_number(span_of("\0\0\0\0\0\0\0\0", 8), &n), 0);
    EXPECT_EQ(n, 0);
    EXPECT_EQ(tar_number(span_of("\x80\0\0\0\0\1\0\0", 8), &n), 0);
    EXPECT_EQ(n, 65536);
    EXPECT_EQ(tar_number(span_of("\xff\xff\xff\xff\xff\xff\xff\xfe", 8), &n), 0);
    EXPECT_EQ(n, -2);
    EXPECT_EQ(tar_number(span_of("\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", 12), &n), 0);
    EXPECT_EQ(n, INT64_MIN);
    EXPECT_EQ(tar_number(span_of("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12), &n), 0);
    EXPECT_EQ(n, INT64_MAX);
    static const struct span bad[] = {
        {(const uint8_t *)"00x", 3},
        {(const uint8_t *)"8", 1},
        {(const uint8_t *)"7 7", 3},
        {(const uint8_t *)"-1", 2},
        {(const uint8_t *)"\x80\0\0\0\x80\0\0\0\0\0\0\0", 12}, /* 2^63 */
        {(const uint8_t *)"\xc0\0\0\0\0\0\0\0\0\0\0\0", 12},
        {(const uint8_t *)"777777777777777777777777", 24},
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(tar_number(bad[i], &n), -EBADMSG);
}

TEST(pax_time_rounds_down)
{
    static const struct {
        const char *text;
        int64_t s;
        uint32_t ns;
    } good[] = {
        {"0", 0, 0},
        {"1350244992.023960108", 1350244992, 23960108},
        {"1.5", 1, 500000000},
        {"1.", 1, 0},
        {"-1.5", -2, 500000000},
        {"-1", -1, 0},
        {"-0.0000000001", -1, 999999999},
        {"1.0000000009", 1, 0},
        {"-1.9999999999", -2, 0},
    };
    int64_t s;
    uint32_t ns;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        EXPECT_EQ(pax_time(span_text(good[i].text), &s, &ns), 0);
        EXPECT_EQ(s, good[i].s);
        EXPECT_EQ(ns, good[i].ns);
    }
    static const char *const bad[] = {"", "-", ".5", "1.x", "1e5", "99999999999999999999", "--1"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(pax_time(span_text(bad[i]), &s, &ns), -EBADMSG);
}

TEST(tar_gives_entries_of_every_type)
{
    struct archive_bytes a = {.step = 100};
    tar_put_file(&a, "dir/file", "hello");
    tar_put_header(&a, "hard", TAR_HARD_LINK, "dir/file",
                   77); /* no data follow, whatever it says */
    tar_put_header(&a, "soft", TAR_LINK, "target", 0);
    tar_put_header(&a, "dev", TAR_CHAR, "", 0);
    tar_patch(&a, 329, "0000001\0000000003", 16);
    tar_put_header(&a, "old-dir/", 0, "", 0);
    tar_put_header(&a, "fifo", TAR_FIFO, "", 0);
    tar_put_file(&a, "last", "");
    tar_put_end(&a);
    struct tar *t;
    struct tar_entry x;
    REQUIRE(first(&a, &t, &x) == 1);
    EXPECT(text_is(x.path, "dir/file") && x.type == TAR_FILE && x.size == 5);
    EXPECT_EQ(x.mode, 0644);
    EXPECT_EQ(x.mtime_s, 1000);
    EXPECT_EQ(tar_next(t, &x, &g_err), 1); /* the content is passed over */
    EXPECT(text_is(x.path, "hard") && x.type == TAR_HARD_LINK && text_is(x.target, "dir/file"));
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(text_is(x.path, "soft") && x.type == TAR_LINK && text_is(x.target, "target"));
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(x.type == TAR_CHAR && x.major == 1 && x.minor == 3);
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(text_is(x.path, "old-dir/") && x.type == TAR_DIR);
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(x.type == TAR_FIFO);
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(text_is(x.path, "last") && x.size == 0);
    EXPECT_EQ(tar_next(t, &x, &g_err), 0);
    tar_free(t);
    tar_bytes_free(&a);
}

TEST(tar_joins_prefix_and_name)
{
    struct archive_bytes a = {0};
    tar_put_header(&a, "name", TAR_FILE, "", 0);
    tar_patch(&a, 345, "some/prefix", 11);
    struct tar *t;
    struct tar_entry x;
    EXPECT_EQ(first(&a, &t, &x), 1);
    EXPECT(text_is(x.path, "some/prefix/name"));
    tar_free(t);
    tar_bytes_free(&a);
}

TEST(tar_takes_names_from_extended_headers)
{
    static const char *const records[] = {
        "path=p\xff th", "mtime=-1.25", "uid=4294967295",           "gid=7",
        "size=3",        "comment=x",   "SCHILY.xattr.user.k=a=b\n"};
    struct archive_bytes a = {.step = 1};
    tar_put_pax(&a, 'g', (const char *const[]){"gid=9", "uid=8"}, 2);
    tar_put_pax(&a, 'x', records, ARRAY_COUNT(records));
    tar_put_header(&a, "short", TAR_FILE, "", 0);
    tar_put_data(&a, "abc", 3);
    tar_put_file(&a, "second", "");
    struct tar *t;
    struct tar_entry x;
    EXPECT_EQ(first(&a, &t, &x), 1);
    EXPECT(text_is(x.path, "p\xff th"));
    EXPECT_EQ(x.size, 3);
    EXPECT_EQ(x.uid, UINT32_MAX);
    EXPECT_EQ(x.gid, 7);
    EXPECT_EQ(x.mtime_s, -2);
    EXPECT_EQ(x.mtime_ns, 750000000);
    REQUIRE(x.xattr_count == 1);
    EXPECT(text_is(x.xattrs[0].name, "user.k") && text_is(x.xattrs[0].value, "a=b\n"));
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(text_is(x.path, "second"));
    EXPECT_EQ(x.uid, 8); /* global ones last, others do not */
    EXPECT_EQ(x.xattr_count, 0);
    tar_free(t);
    tar_bytes_free(&a);
}

TEST(tar_takes_long_names_of_gnu)
{
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[299] = 0;
    struct archive_bytes a = {0};
    tar_put_header(&a, "././@LongLink", 'L', "", 300);
    tar_put_data(&a, name, 300);
    tar_put_header(&a, "././@LongLink", 'K', "", 300);
    tar_put_data(&a, name, 300);
    tar_put_header(&a, "short", TAR_LINK, "short", 0);
    struct tar *t;
    struct tar_entry x;
    EXPECT_EQ(first(&a, &t, &x), 1);
    EXPECT(text_is(x.path, name));
    EXPECT(text_is(x.target, name));
    tar_free(t);
    tar_bytes_free(&a);
}

TEST(tar_refuses_malformed_extended_headers)
{
    static const char *const bad[] = {"5 a=",   "99 a=b\n", "6 ab\n",   "6 =b\n\n", "x a=b\n",
                                      " a=b\n", "6a=b\n",   "7 a=b\nx", "0 a=b\n",  "1 "};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct archive_bytes a = {0};
        tar_put_header(&a, "x", 'x', "", strlen(bad[i]));
        tar_put_data(&a, bad[i], strlen(bad[i]));
        tar_put_file(&a, "f", "");
        EXPECT_EQ(first_fails(&a), -EBADMSG);
    }
    static const char *const values[] = {"size=x",
                                         "uid=-1",
                                         "mtime=now",
                                         "uid=4294967296",
                                         "size=9223372036854775808",
                                         "GNU.sparse.map=1",
                                         "GNU.sparse.numbytes=5"};
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        struct archive_bytes a = {0};
        tar_put_pax(&a, 'x', &values[i], 1);
        tar_put_file(&a, "f", "");
        EXPECT_EQ(first_fails(&a), -EBADMSG);
    }
}

TEST(tar_bounds_what_it_keeps)
{
    struct archive_bytes a = {0};
    tar_put_header(&a, "x", 'x', "", 2000000);
    EXPECT_EQ(first_fails(&a), -E2BIG);
    static uint8_t big[600000];
    for (int i = 0; i < 3; i++) { /* global ones add up */
        tar_put_header(&a, "g", 'g', "", sizeof big);
        tar_put_data(&a, big, sizeof big);
    }
    EXPECT_EQ(first_fails(&a), -E2BIG);
    for (int i = 0; i < 100; i++)
        tar_put_pax(&a, 'x', (const char *const[]){"comment=x"}, 1);
    EXPECT_EQ(first_fails(&a), -E2BIG);
    char xattr[130][32];
    const char *records[130];
    for (int i = 0; i < 130; i++) {
        snprintf(xattr[i], sizeof xattr[i], "SCHILY.xattr.user.%d=", i);
        records[i] = xattr[i];
    }
    tar_put_pax(&a, 'x', records, 130);
    tar_put_file(&a, "f", "");
    EXPECT_EQ(first_fails(&a), -E2BIG);
}

TEST(tar_refuses_what_is_no_archive)
{
    struct archive_bytes a = {0};
    tar_put_data(&a, "this is not a tar archive", 25);
    EXPECT_EQ(first_fails(&a), -EBADMSG);
    tar_put_file(&a, "f", "");
    a.data[3] ^= 1;
    EXPECT_EQ(first_fails(&a), -EBADMSG);
    tar_put_header(&a, "multi", 'M', "", 0);
    EXPECT_EQ(first_fails(&a), -ENOTSUP);
    tar_put_header(&a, "unknown", 'Z', "", 0);
    EXPECT_EQ(first_fails(&a), -ENOTSUP);
    tar_put_header(&a, "negative", '0', "", 0);
    tar_patch(&a, 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    EXPECT_EQ(first_fails(&a), -EBADMSG);
    tar_put_header(&a, "owner", '0', "", 0);
    tar_patch(&a, 108, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    EXPECT_EQ(first_fails(&a), -EBADMSG);
    tar_put_header(&a, "device", '3', "", 0);
    tar_patch(&a, 329, "7777777", 8);
    EXPECT_EQ(first_fails(&a), -EBADMSG);
    tar_put_end(&a);
    EXPECT_EQ(first_fails(&a), 0);
    EXPECT_EQ(first_fails(&a), 0); /* nothing at all is an empty archive */
}

TEST(tar_refuses_every_truncation)
{
    struct archive_bytes a = {0};
    tar_put_pax(&a, 'x', (const char *const[]){"path=abc"}, 1);
    tar_put_file(&a, "f", "some content");
    size_t whole = a.size;
    for (size_t size = 1; size < whole; size++) {
        struct tar *t;
        struct tar_entry x;
        uint8_t buffer[64];
        a.size = size;
        int rc = first(&a, &t, &x);
        int64_t n = rc == 1 ? content(t, buffer, sizeof buffer) : rc;
        if (n >= 0)
            n = tar_next(t, &x, &g_err); /* the padding is missing */
        EXPECT_EQ(n, -EBADMSG);
        tar_free(t);
    }
    tar_bytes_free(&a);
}

/* All four forms of this file: 10 zeros, "abc", zeros up to 2000. */
static void check_sparse(struct archive_bytes *a, const char *path)
{
    struct tar *t;
    struct tar_entry x;
    static uint8_t buffer[4096];
    a->step = 13;
    EXPECT_EQ(first(a, &t, &x), 1);
    EXPECT(text_is(x.path, path));
    EXPECT_EQ(x.size, 2000);
    EXPECT_EQ(content(t, buffer, sizeof buffer), 2000);
    EXPECT(bytes_are_zero(buffer, 10) && memcmp(buffer + 10, "abc", 3) == 0 &&
           bytes_are_zero(buffer + 13, 1987));
    EXPECT_EQ(tar_next(t, &x, &g_err), 1);
    EXPECT(text_is(x.path, "behind"));
    tar_free(t);
    tar_bytes_free(a);
}

TEST(tar_reads_sparse_files_in_all_forms)
{
    struct archive_bytes a = {0};
    tar_put_header(&a, "old", 'S', "", 3);
    tar_patch(&a, 257, "ustar  ", 8);
    tar_patch(&a, 386, "00000000012\00000000000003", 24);
    tar_patch(&a, 483, "00000003720", 12);
    tar_put_data(&a, "abc", 3);
    tar_put_file(&a, "behind", "");
    check_sparse(&a, "old");

    static const char *const v00[] = {"GNU.sparse.size=2000", "GNU.sparse.numblocks=1",
                                      "GNU.sparse.offset=10", "GNU.sparse.numbytes=3"};
    tar_put_pax(&a, 'x', v00, ARRAY_COUNT(v00));
    tar_put_file(&a, "v00", "abc");
    tar_put_file(&a, "behind", "");
    check_sparse(&a, "v00");

    static const char *const v01[] = {"GNU.sparse.size=2000", "GNU.sparse.name=real",
                                      "GNU.sparse.map=10,3"};
    tar_put_pax(&a, 'x', v01, ARRAY_COUNT(v01));
    tar_put_file(&a, "v01", "abc");
    tar_put_file(&a, "behind", "");
    check_sparse(&a, "real");

    static const char *const v10[] = {"GNU.sparse.major=1", "GNU.sparse.minor=0",
                                      "GNU.sparse.realsize=2000", "GNU.sparse.name=real"};
    tar_put_pax(&a, 'x', v10, ARRAY_COUNT(v10));
    tar_put_header(&a, "v10", TAR_FILE, "", 515);
    tar_put_data(&a, "1\n10\n3\n", 7);
    tar_put_data(&a, "abc", 3);
    tar_put_file(&a, "behind", "");
    check_sparse(&a, "real");
}

TEST(tar_reads_a_gnu_map_that_goes_on_in_more_blocks)
{
    struct archive_bytes a = {0};
    tar_put_header(&a, "old", 'S', "", 3);
    tar_patch(&a, 482, "\1", 1);
    tar_patch(&a, 483, "00000003720", 12);
    tar_put_data(&a, "00000000012\00000000000003", 24);
    tar_put_data(&a, "abc", 3);
    tar_put_file(&a, "behind", "");
    check_sparse(&a, "old");
}

TEST(tar_refuses_sparse_maps_that_lie)
{
    static const char *const maps[] = {
        "GNU.sparse.map=10,4",      /* more than there is */
        "GNU.sparse.map=1998,3",    /* behind the end */
        "GNU.sparse.map=10,2,5,1",  /* backwards */
        "GNU.sparse.map=10,2,11,1", /* overlapping */
        "GNU.sparse.map=18446744073709551615,3",
        "GNU.sparse.map=10,18446744073709551615",
        "GNU.sparse.map=10,2,",
        "GNU.sparse.map=,",
    };
    for (size_t i = 0; i < ARRAY_COUNT(maps); i++) {
        const char *const records[] = {"GNU.sparse.size=2000", maps[i]};
        struct archive_bytes a = {0};
        tar_put_pax(&a, 'x', records, 2);
        tar_put_file(&a, "f", "abc");
        EXPECT_EQ(first_fails(&a), -EBADMSG);
    }
    static const char *const v10[] = {"GNU.sparse.major=1", "GNU.sparse.minor=0",
                                      "GNU.sparse.realsize=2000"};
    static const char *const bad[] = {
        "", "1\n", "1\n10\n", "x\n", "99999999999999999999999\n", "1\n10\n3", "4294967295\n"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct archive_bytes a = {0};
        tar_put_pax(&a, 'x', v10, 3);
        tar_put_file(&a, "f", bad[i]);
        EXPECT_EQ(first_fails(&a), -EBADMSG);
    }
    struct archive_bytes a = {0};
    tar_put_pax(&a, 'x', (const char *const[]){"GNU.sparse.major=2", "GNU.sparse.realsize=1"}, 2);
    tar_put_file(&a, "f", "");
    EXPECT_EQ(first_fails(&a), -ENOTSUP);
}
