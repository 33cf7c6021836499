/* SPDX-License-Identifier: Apache-2.0
 * erofs.c: see erofs.h. */
#include "rootfs/erofs.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cursor.h"

enum { NANOSECONDS = 1000000000 };

int erofs_super_parse(struct erofs_super *s, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    uint32_t magic = cursor_u32(&c);
    s->checksum = cursor_u32(&c);
    s->feature_compat = cursor_u32(&c);
    uint8_t block_bits = cursor_u8(&c);
    cursor_u8(&c); /* extra slots for extensions of the superblock */
    s->root_nid = cursor_u16(&c);
    s->inodes = cursor_u64(&c);
    s->build_time_s = (int64_t)cursor_u64(&c);
    s->build_time_ns = cursor_u32(&c);
    s->blocks = cursor_u32(&c);
    s->meta_block = cursor_u32(&c);
    s->xattr_block = cursor_u32(&c);
    cursor_span(&c, 16 + 16); /* uuid, volume name */
    s->feature_incompat = cursor_u32(&c);
    cursor_span(&c, 6);
    uint8_t dir_block_bits = cursor_u8(&c);
    int rc = cursor_check(&c, e, "erofs superblock");
    if (rc)
        return rc;
    if (magic != EROFS_MAGIC)
        return fail(e, -EBADMSG, "erofs: no superblock: magic %08x found", magic);
    if (block_bits != EROFS_BLOCK_BITS || dir_block_bits != 0)
        return fail(e, -ENOTSUP, "erofs: blocks of 2^%u bytes, only 4096 bytes are supported",
                    block_bits + dir_block_bits);
    if (s->feature_incompat & ~EROFS_INCOMPAT_ZERO_PADDING)
        return fail(e, -ENOTSUP,
                    "erofs: the image needs features %x (such as compression), none "
                    "of which is supported",
                    s->feature_incompat);
    if (s->build_time_ns >= NANOSECONDS)
        return fail(e, -EBADMSG, "erofs: superblock with %u nanoseconds", s->build_time_ns);
    return 0;
}

void erofs_super_write(uint8_t out[EROFS_SUPER_SIZE], const struct erofs_super *s)
{
    memset(out, 0, EROFS_SUPER_SIZE);
    put_le32(out, EROFS_MAGIC);
    put_le32(out + 4, s->checksum);
    put_le32(out + 8, s->feature_compat);
    out[12] = EROFS_BLOCK_BITS;
    put_le16(out + 14, s->root_nid);
    put_le64(out + 16, s->inodes);
    put_le64(out + 24, (uint64_t)s->build_time_s);
    put_le32(out + 32, s->build_time_ns);
    put_le32(out + 36, s->blocks);
    put_le32(out + 40, s->meta_block);
    put_le32(out + 44, s->xattr_block);
    put_le32(out + 80, s->feature_incompat);
}

/* Bit by bit: it runs over one block of an image. */
uint32_t erofs_crc32c(uint32_t crc, struct span data)
{
    for (size_t i = 0; i < data.size; i++) {
        crc ^= data.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return crc;
}

void erofs_super_seal(uint8_t first_block[EROFS_BLOCK_SIZE])
{
    uint8_t *at = first_block + EROFS_SUPER_AT;
    put_le32(at + 4, 0);
    put_le32(at + 4, erofs_crc32c(~0u, span_of(at, EROFS_BLOCK_SIZE - EROFS_SUPER_AT)));
}

static void parse_compact(struct erofs_inode *i, struct cursor *c)
{
    i->nlink = cursor_u16(c);
    i->size = cursor_u32(c);
    i->mtime_s = cursor_u32(c);
    i->mtime_ns = 0;
    i->block = cursor_u32(c);
    i->number = cursor_u32(c);
    i->uid = cursor_u16(c);
    i->gid = cursor_u16(c);
}

static void parse_extended(struct erofs_inode *i, struct cursor *c)
{
    cursor_u16(c);
    i->size = cursor_u64(c);
    i->block = cursor_u32(c);
    i->number = cursor_u32(c);
    i->uid = cursor_u32(c);
    i->gid = cursor_u32(c);
    i->mtime_s = (int64_t)cursor_u64(c);
    i->mtime_ns = cursor_u32(c);
    i->nlink = cursor_u32(c);
}

int erofs_inode_parse(struct erofs_inode *i, struct span in)
{
    struct cursor c = cursor_over(in);
    uint16_t format = cursor_u16(&c);
    i->extended = format & 1;
    unsigned layout = format >> 1;
    i->xattr_count = cursor_u16(&c);
    i->mode = cursor_u16(&c);
    if (i->extended)
        parse_extended(i, &c);
    else
        parse_compact(i, &c);
    if (cursor_check(&c, NULL, "erofs inode"))
        return -EBADMSG;
    if (layout != EROFS_PLAIN && layout != EROFS_INLINE)
        return -EBADMSG;
    i->layout = layout;
    return i->mtime_ns < NANOSECONDS ? 0 : -EBADMSG;
}

void erofs_inode_write(uint8_t out[EROFS_EXTENDED_SIZE], const struct erofs_inode *i)
{
    memset(out, 0, EROFS_EXTENDED_SIZE);
    put_le16(out, (uint16_t)(1u | (unsigned)i->layout << 1));
    put_le16(out + 2, i->xattr_count);
    put_le16(out + 4, i->mode);
    put_le64(out + 8, i->size);
    put_le32(out + 16, i->block);
    put_le32(out + 20, i->number);
    put_le32(out + 24, i->uid);
    put_le32(out + 28, i->gid);
    put_le64(out + 32, (uint64_t)i->mtime_s);
    put_le32(out + 40, i->mtime_ns);
    put_le32(out + 44, i->nlink);
}

size_t erofs_xattr_size(uint16_t count)
{
    return count ? EROFS_XATTR_HEADER_SIZE + (count - 1u) * 4u : 0;
}

uint16_t erofs_xattr_count(size_t size)
{
    return size ? (uint16_t)((size - EROFS_XATTR_HEADER_SIZE) / 4 + 1) : 0;
}

static const struct {
    unsigned space;
    const char *text;
    bool whole; /* the text is the attribute's whole name */
} g_namespaces[] = {
    {EROFS_XATTR_USER, "user.", false},
    {EROFS_XATTR_ACL_ACCESS, "system.posix_acl_access", true},
    {EROFS_XATTR_ACL_DEFAULT, "system.posix_acl_default", true},
    {EROFS_XATTR_TRUSTED, "trusted.", false},
    {EROFS_XATTR_SECURITY, "security.", false},
};

const char *erofs_namespace_text(unsigned space)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_namespaces); i++)
        if (g_namespaces[i].space == space)
            return g_namespaces[i].text;
    return NULL;
}

unsigned erofs_namespace_of(struct span name, struct span *rest)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_namespaces); i++) {
        struct span text = span_text(g_namespaces[i].text);
        if (name.size < text.size || memcmp(name.data, text.data, text.size) != 0)
            continue;
        *rest = span_of(name.data + text.size, name.size - text.size);
        if (g_namespaces[i].whole == (rest->size == 0))
            return g_namespaces[i].space;
    }
    return 0;
}

uint32_t erofs_device(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

uint32_t erofs_device_major(uint32_t device)
{
    return device >> 8 & 0xfff;
}

uint32_t erofs_device_minor(uint32_t device)
{
    return (device & 0xff) | (device >> 12 & 0xfff00);
}

static const uint16_t g_modes[] = {0,       S_IFREG, S_IFDIR,  S_IFCHR,
                                   S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK};

uint8_t erofs_type_of_mode(uint32_t mode)
{
    for (size_t type = 1; type < ARRAY_COUNT(g_modes); type++)
        if ((mode & S_IFMT) == g_modes[type])
            return (uint8_t)type;
    return 0;
}

uint32_t erofs_mode_of_type(uint8_t type)
{
    return type < ARRAY_COUNT(g_modes) ? g_modes[type] : 0;
}

int erofs_name_compare(struct span a, struct span b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    if (order)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}
