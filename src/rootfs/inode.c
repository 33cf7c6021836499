/* SPDX-License-Identifier: Apache-2.0
 * inode.c: inodes, checked when they are loaded so that nothing later has to doubt them. */
#include <errno.h>
#include <sys/stat.h>

#include "rootfs/rootfs_priv.h"

static uint64_t image_size(const struct rootfs *r)
{
    return r->verity.data_blocks * ROOTFS_BLOCK_SIZE;
}

static bool has_content(uint32_t mode)
{
    return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode);
}

uint64_t inode_full_blocks(const struct rootfs_inode *i)
{
    if (i->size == 0)
        return 0;
    uint64_t blocks = (i->size - 1) / ROOTFS_BLOCK_SIZE;
    return i->layout == EROFS_INLINE ? blocks : blocks + 1;
}

size_t inode_tail_size(const struct rootfs_inode *i)
{
    return i->layout == EROFS_INLINE ? (size_t)(i->size - inode_full_blocks(i) * ROOTFS_BLOCK_SIZE)
                                     : 0;
}

/* The content lies within the image, and a tail within one block. */
static int check_place(const struct rootfs *r, const struct rootfs_inode *i)
{
    uint64_t data_blocks = r->verity.data_blocks;
    uint64_t blocks = inode_full_blocks(i);
    if (blocks > data_blocks || (blocks > 0 && i->first_block > data_blocks - blocks))
        return -EUCLEAN;
    size_t tail = inode_tail_size(i);
    if (i->xattr_size > image_size(r) || i->xattr_at > image_size(r) - i->xattr_size ||
        i->tail_at + tail > image_size(r))
        return -EUCLEAN;
    if (i->tail_at % ROOTFS_BLOCK_SIZE + tail > ROOTFS_BLOCK_SIZE)
        return -EUCLEAN;
    return 0;
}

static int check(const struct rootfs *r, const struct rootfs_inode *i)
{
    if (erofs_type_of_mode(i->mode) == 0)
        return -EUCLEAN;
    if (S_ISLNK(i->mode) && (i->size == 0 || i->size > ROOTFS_LINK_MAX))
        return -EUCLEAN;
    if (i->size > INT64_MAX || (!has_content(i->mode) && i->size != 0))
        return -EUCLEAN;
    return check_place(r, i);
}

static void fill(const struct rootfs *r, struct rootfs_inode *out, const struct erofs_inode *i)
{
    out->size = i->size;
    out->mode = i->mode;
    out->nlink = i->nlink;
    out->uid = i->uid;
    out->gid = i->gid;
    out->mtime_s = i->mtime_s;
    out->mtime_ns = i->mtime_ns;
    if (!i->extended) {
        out->mtime_s = (int64_t)((uint64_t)i->mtime_s + (uint64_t)r->super.build_time_s);
        out->mtime_ns = r->super.build_time_ns;
    }
    out->layout = i->layout;
    if (has_content(i->mode)) {
        out->first_block = i->block;
    } else if (S_ISCHR(i->mode) || S_ISBLK(i->mode)) {
        out->rdev_major = erofs_device_major(i->block);
        out->rdev_minor = erofs_device_minor(i->block);
    }
}

int inode_load(struct rootfs *r, uint64_t nid, struct rootfs_inode *out)
{
    uint64_t start = (uint64_t)r->super.meta_block * ROOTFS_BLOCK_SIZE;
    *out = (struct rootfs_inode){.nid = nid};
    if (nid >= image_size(r) / EROFS_SLOT_SIZE)
        return -EUCLEAN;
    uint64_t at = start + nid * EROFS_SLOT_SIZE;
    uint8_t raw[EROFS_EXTENDED_SIZE];
    size_t left = ROOTFS_BLOCK_SIZE - at % ROOTFS_BLOCK_SIZE; /* at least a compact inode */
    size_t first = left < sizeof raw ? left : sizeof raw;
    int rc = blocks_copy(r, at, raw, first);
    size_t size = rc == 0 && (raw[0] & 1) ? EROFS_EXTENDED_SIZE : EROFS_COMPACT_SIZE;
    if (rc == 0 && first < size)
        rc = blocks_copy(r, at + first, raw + first, size - first);
    if (rc)
        return rc;
    struct erofs_inode i;
    if (erofs_inode_parse(&i, span_of(raw, size)))
        return -EUCLEAN;
    fill(r, out, &i);
    out->xattr_at = at + size;
    out->xattr_size = (uint32_t)erofs_xattr_size(i.xattr_count);
    out->tail_at = out->xattr_at + out->xattr_size;
    return check(r, out);
}

int rootfs_inode(struct rootfs *r, uint64_t nid, struct rootfs_inode *out)
{
    int rc = inode_load(r, nid, out);
    return rc ? fault_report(r, nid, rc) : 0;
}
