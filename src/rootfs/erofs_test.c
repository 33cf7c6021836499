/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/erofs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/test.h"

static const struct erofs_super g_super = {
    .feature_compat = EROFS_COMPAT_CHECKSUM,
    .root_nid = 36,
    .inodes = 1ull << 40,
    .build_time_s = -5,
    .build_time_ns = 999999999,
    .blocks = 0xfffffffe,
    .meta_block = 7,
    .xattr_block = 9,
};

TEST(erofs_super_goes_there_and_back)
{
    uint8_t raw[EROFS_SUPER_SIZE];
    struct erofs_super s;
    erofs_super_write(raw, &g_super);
    EXPECT_EQ(erofs_super_parse(&s, span_of(raw, sizeof raw), NULL), 0);
    EXPECT_EQ(s.root_nid, 36);
    EXPECT_EQ(s.inodes, 1LL << 40);
    EXPECT_EQ(s.build_time_s, -5);
    EXPECT_EQ(s.build_time_ns, 999999999);
    EXPECT_EQ(s.blocks, 0xfffffffeLL);
    EXPECT_EQ(s.meta_block, 7);
    EXPECT_EQ(s.xattr_block, 9);
}

TEST(erofs_super_refuses_every_truncation)
{
    uint8_t raw[EROFS_SUPER_SIZE];
    erofs_super_write(raw, &g_super);
    for (size_t size = 0; size < 91; size++) { /* the last field that we read ends at 91 */
        auto_free uint8_t *copy = calloc(1, size + 1);
        REQUIRE(copy);
        memcpy(copy, raw, size);
        struct erofs_super s;
        EXPECT_EQ(erofs_super_parse(&s, span_of(copy, size), NULL), -EBADMSG);
    }
}

TEST(erofs_super_refuses_what_we_do_not_know)
{
    uint8_t raw[EROFS_SUPER_SIZE];
    struct erofs_super s;
    struct err e;
    erofs_super_write(raw, &g_super);
    raw[0] ^= 1;
    EXPECT_EQ(erofs_super_parse(&s, span_of(raw, sizeof raw), &e), -EBADMSG);
    erofs_super_write(raw, &g_super);
    raw[12] = 9; /* blocks of 512 bytes */
    EXPECT_EQ(erofs_super_parse(&s, span_of(raw, sizeof raw), &e), -ENOTSUP);
    raw[12] = 12;
    raw[90] = 1; /* larger directory blocks */
    EXPECT_EQ(erofs_super_parse(&s, span_of(raw, sizeof raw), &e), -ENOTSUP);
    for (int bit = 1; bit < 32; bit++) {
        erofs_super_write(raw, &g_super);
        put_le32(raw + 80, 1u << bit);
        EXPECT_EQ(erofs_super_parse(&s, span_of(raw, sizeof raw), &e), -ENOTSUP);
    }
    erofs_super_write(raw, &g_super);
    put_le32(raw + 32, 1000000000);
    EXPECT_EQ(erofs_super_parse(&s, span_of(raw, sizeof raw), &e), -EBADMSG);
}

TEST(erofs_crc32c_gives_the_published_check_value)
{
    /* CRC-32C of "123456789" is e3069283, with the final inversion that EROFS leaves out. */
    EXPECT_EQ(~erofs_crc32c(~0u, span_text("123456789")), 0xe3069283LL);
}

TEST(erofs_inode_goes_there_and_back)
{
    struct erofs_inode in = {.layout = EROFS_INLINE,
                             .xattr_count = 17,
                             .mode = S_IFREG | 04755,
                             .nlink = 70000,
                             .size = 1ull << 50,
                             .block = 0x01020304,
                             .number = 5,
                             .uid = 4000000000,
                             .gid = 100000,
                             .mtime_s = -62135596800,
                             .mtime_ns = 999999999};
    uint8_t raw[EROFS_EXTENDED_SIZE];
    erofs_inode_write(raw, &in);
    struct erofs_inode out;
    EXPECT_EQ(erofs_inode_parse(&out, span_of(raw, sizeof raw)), 0);
    EXPECT(out.extended);
    EXPECT_EQ(out.layout, EROFS_INLINE);
    EXPECT_EQ(out.xattr_count, 17);
    EXPECT_EQ(out.mode, S_IFREG | 04755);
    EXPECT_EQ(out.nlink, 70000);
    EXPECT_EQ(out.size, 1LL << 50);
    EXPECT_EQ(out.block, 0x01020304);
    EXPECT_EQ(out.uid, 4000000000LL);
    EXPECT_EQ(out.gid, 100000);
    EXPECT_EQ(out.mtime_s, -62135596800LL);
    EXPECT_EQ(out.mtime_ns, 999999999);
}

TEST(erofs_inode_reads_the_compact_form)
{
    static const uint8_t raw[EROFS_COMPACT_SIZE] = {
        0x04, 0, 3, 0, 0xa4, 0x81, 2, 0, 0x10, 0x20, 0,    0, 1, 0, 0, 0,
        9,    8, 7, 6, 5,    0,    0, 0, 0xe8, 3,    0xe9, 3, 0, 0, 0, 0};
    struct erofs_inode i;
    EXPECT_EQ(erofs_inode_parse(&i, span_of(raw, sizeof raw)), 0);
    EXPECT(!i.extended);
    EXPECT_EQ(i.layout, EROFS_INLINE);
    EXPECT_EQ(i.xattr_count, 3);
    EXPECT_EQ(i.mode, S_IFREG | 0644);
    EXPECT_EQ(i.nlink, 2);
    EXPECT_EQ(i.size, 0x2010);
    EXPECT_EQ(i.mtime_s, 1);
    EXPECT_EQ(i.block, 0x06070809);
    EXPECT_EQ(i.uid, 1000);
    EXPECT_EQ(i.gid, 1001);
}

TEST(erofs_inode_refuses_compressed_and_unknown_layouts)
{
    uint8_t raw[EROFS_EXTENDED_SIZE];
    struct erofs_inode out;
    for (unsigned format = 0; format < 65536; format++) {
        memset(raw, 0, sizeof raw);
        put_le16(raw, (uint16_t)format);
        bool is_known = format <= 1 || format == 4 || format == 5;
        EXPECT_EQ(erofs_inode_parse(&out, span_of(raw, sizeof raw)), is_known ? 0 : -EBADMSG);
    }
}

TEST(erofs_inode_refuses_every_truncation)
{
    struct erofs_inode in = {.layout = EROFS_PLAIN, .mode = S_IFREG};
    uint8_t raw[EROFS_EXTENDED_SIZE];
    erofs_inode_write(raw, &in);
    for (size_t size = 0; size < 48; size++) {
        auto_free uint8_t *copy = calloc(1, size + 1);
        REQUIRE(copy);
        memcpy(copy, raw, size);
        EXPECT_EQ(erofs_inode_parse(&in, span_of(copy, size)), -EBADMSG);
    }
}

TEST(erofs_device_numbers_go_there_and_back)
{
    static const uint32_t pairs[][2] = {{1, 3}, {0, 0}, {4095, 1048575}, {8, 256}, {259, 65536}};
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
        uint32_t device = erofs_device(pairs[i][0], pairs[i][1]);
        EXPECT_EQ(erofs_device_major(device), pairs[i][0]);
        EXPECT_EQ(erofs_device_minor(device), pairs[i][1]);
    }
    EXPECT_EQ(erofs_device(1, 3), 0x103);
}

TEST(erofs_namespaces_split_full_names)
{
    struct span rest;
    EXPECT_EQ(erofs_namespace_of(span_text("user.a.b"), &rest), EROFS_XATTR_USER);
    EXPECT(span_equal(rest, span_text("a.b")));
    EXPECT_EQ(erofs_namespace_of(span_text("security.capability"), &rest), EROFS_XATTR_SECURITY);
    EXPECT_EQ(erofs_namespace_of(span_text("system.posix_acl_access"), &rest),
              EROFS_XATTR_ACL_ACCESS);
    EXPECT_EQ(rest.size, 0);
    static const char *const bad[] = {"", "user.", "user", "system.posix_acl_accessx", "other.x"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(erofs_namespace_of(span_text(bad[i]), &rest), 0);
}

TEST(erofs_names_are_ordered_by_unsigned_bytes)
{
    EXPECT(erofs_name_compare(span_text("a"), span_text("ab")) < 0);
    EXPECT(erofs_name_compare(span_text("a\xff"), span_text("ab")) > 0);
    EXPECT(erofs_name_compare(span_text("."), span_text("-")) > 0);
    EXPECT(erofs_name_compare(span_text("x"), span_text("x")) == 0);
}

TEST(erofs_xattr_sizes_are_counted_in_words)
{
    EXPECT_EQ(erofs_xattr_size(0), 0);
    EXPECT_EQ(erofs_xattr_size(1), 12);
    EXPECT_EQ(erofs_xattr_size(65535), 12 + 4 * 65534);
    EXPECT_EQ(erofs_xattr_count(12 + 4 * 65534), 65535);
    EXPECT_EQ(erofs_xattr_count(0), 0);
}

TEST(erofs_types_match_modes)
{
    EXPECT_EQ(erofs_type_of_mode(S_IFDIR | 0755), EROFS_DIR);
    EXPECT_EQ(erofs_type_of_mode(S_IFSOCK), EROFS_SOCK);
    EXPECT_EQ(erofs_type_of_mode(0644), 0);
    EXPECT_EQ(erofs_mode_of_type(EROFS_LNK), S_IFLNK);
    EXPECT_EQ(erofs_mode_of_type(8), 0);
    EXPECT_EQ(erofs_mode_of_type(255), 0);
}
