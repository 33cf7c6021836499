/* SPDX-License-Identifier: Apache-2.0
 * xattr.c: extended attributes, inline behind the inode or shared between inodes. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "rootfs/rootfs_priv.h"

struct entry {
    uint64_t at; /* of the name */
    uint8_t name_size;
    uint8_t space;
    uint16_t value_size;
};

/* Walks over an inode's attributes: first the shared ones, then the inline ones. */
struct walk {
    struct rootfs *r;
    const struct rootfs_inode *inode;
    uint64_t shared_count;
    uint64_t shared_next;
    uint64_t inline_next;
    uint64_t inline_end;
};

static int walk_init(struct walk *w, struct rootfs *r, const struct rootfs_inode *inode)
{
    *w = (struct walk){.r = r, .inode = inode};
    if (inode->xattr_size == 0)
        return 0;
    uint8_t header[EROFS_XATTR_HEADER_SIZE];
    int rc = blocks_copy(r, inode->xattr_at, header, sizeof header);
    if (rc)
        return rc;
    w->shared_count = header[4];
    w->inline_next = inode->xattr_at + sizeof header + w->shared_count * 4;
    w->inline_end = inode->xattr_at + inode->xattr_size;
    return w->inline_next <= w->inline_end ? 0 : -EUCLEAN;
}

static int entry_read(struct rootfs *r, uint64_t at, struct entry *out)
{
    uint8_t raw[EROFS_XATTR_ENTRY_SIZE];
    int rc = blocks_copy(r, at, raw, sizeof raw);
    *out = (struct entry){.at = at + sizeof raw,
                          .name_size = raw[0],
                          .space = raw[1],
                          .value_size = get_le16(raw + 2)};
    return rc;
}

static uint64_t entry_end(const struct entry *x)
{
    return x->at + (((uint64_t)x->name_size + x->value_size + 3) & ~3ull);
}

/* 1 with *out, 0 at the end. */
static int walk_next(struct walk *w, struct entry *out)
{
    int rc;
    if (w->shared_next < w->shared_count) {
        uint8_t raw[4];
        rc = blocks_copy(w->r, w->inode->xattr_at + EROFS_XATTR_HEADER_SIZE + w->shared_next++ * 4,
                         raw, sizeof raw);
        if (rc)
            return rc;
        uint64_t area = (uint64_t)w->r->super.xattr_block * ROOTFS_BLOCK_SIZE;
        rc = entry_read(w->r, area + get_le32(raw) * 4ull, out);
        return rc ? rc : 1;
    }
    if (w->inline_end - w->inline_next < EROFS_XATTR_ENTRY_SIZE)
        return 0;
    rc = entry_read(w->r, w->inline_next, out);
    if (rc)
        return rc;
    w->inline_next = entry_end(out);
    return w->inline_next <= w->inline_end ? 1 : -EUCLEAN;
}

/* Fills `full` with the attribute's whole name; its size, or 0 for a namespace nobody knows. */
static int entry_name(struct rootfs *r, const struct entry *x, char full[2 * ROOTFS_NAME_MAX])
{
    const char *text = erofs_namespace_text(x->space);
    if (!text)
        return 0;
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        full[i] = text[i];
    int rc = blocks_copy(r, x->at, full + size, x->name_size);
    if (rc)
        return rc;
    if (memchr(full, 0, size + x->name_size))
        return -EUCLEAN;
    return (int)(size + x->name_size);
}

static int find(struct walk *w, struct span name, struct entry *out)
{
    struct span rest;
    unsigned space = erofs_namespace_of(name, &rest);
    if (space == 0)
        return -EOPNOTSUPP;
    int rc;
    while ((rc = walk_next(w, out)) == 1) {
        char full[2 * ROOTFS_NAME_MAX];
        if (out->space != space || out->name_size != rest.size)
            continue;
        int size = entry_name(w->r, out, full);
        if (size < 0)
            return size;
        if (span_equal(span_of(full, (size_t)size), name))
            return 0;
    }
    return rc < 0 ? rc : -ENODATA;
}

static int get(struct rootfs *r, const struct rootfs_inode *inode, struct span name, void *out,
               size_t size)
{
    struct walk w;
    struct entry x;
    int rc = walk_init(&w, r, inode);
    if (rc == 0)
        rc = find(&w, name, &x);
    if (rc)
        return rc;
    if (size == 0)
        return x.value_size;
    if (size < x.value_size)
        return -ERANGE;
    rc = blocks_copy(r, x.at + x.name_size, out, x.value_size);
    return rc ? rc : x.value_size;
}

static int list(struct rootfs *r, const struct rootfs_inode *inode, char *out, size_t size)
{
    struct walk w;
    struct entry x;
    size_t used = 0;
    int rc = walk_init(&w, r, inode);
    if (rc)
        return rc;
    while ((rc = walk_next(&w, &x)) == 1) {
        char full[2 * ROOTFS_NAME_MAX];
        int n = entry_name(r, &x, full);
        if (n < 0)
            return n;
        if (n == 0)
            continue;
        size_t needed = (size_t)n + 1;
        if (size != 0 && needed > size - used)
            return -ERANGE;
        if (size != 0) {
            memcpy(out + used, full, (size_t)n);
            out[used + (size_t)n] = 0;
        }
        used += needed;
    }
    return rc < 0 ? rc : (int)used;
}

static bool is_damage(int rc)
{
    return rc == -EIO || rc == -EBADMSG || rc == -EUCLEAN;
}

int rootfs_getxattr(struct rootfs *r, const struct rootfs_inode *inode, struct span name, void *out,
                    size_t size)
{
    int rc = get(r, inode, name, out, size);
    return is_damage(rc) ? fault_report(r, inode->nid, rc) : rc;
}

int rootfs_listxattr(struct rootfs *r, const struct rootfs_inode *inode, char *out, size_t size)
{
    int rc = list(r, inode, out, size);
    return is_damage(rc) ? fault_report(r, inode->nid, rc) : rc;
}
