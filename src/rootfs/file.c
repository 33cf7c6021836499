/* SPDX-License-Identifier: Apache-2.0
 * file.c: the content of inodes: files, link targets, and what directories are made of. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "rootfs/rootfs_priv.h"

int file_view(struct rootfs *r, const struct rootfs_inode *i, uint64_t offset, uint64_t wanted,
              struct rootfs_view *view)
{
    unsigned keep = S_ISREG(i->mode) ? CACHE_KEEP_DATA : CACHE_KEEP_META;
    uint64_t index = offset / ROOTFS_BLOCK_SIZE;
    size_t from = offset % ROOTFS_BLOCK_SIZE;
    uint64_t full = inode_full_blocks(i);
    uint64_t block = i->first_block + index;
    uint64_t run = full - index;
    size_t start = 0;
    size_t size = ROOTFS_BLOCK_SIZE;
    if (index >= full) {
        block = i->tail_at / ROOTFS_BLOCK_SIZE;
        run = 1;
        start = i->tail_at % ROOTFS_BLOCK_SIZE;
        size = inode_tail_size(i);
    } else if (i->size - index * ROOTFS_BLOCK_SIZE < ROOTFS_BLOCK_SIZE) {
        size = (size_t)(i->size - index * ROOTFS_BLOCK_SIZE);
    }
    if (from >= size)
        return -EUCLEAN;
    uint64_t blocks = (from + wanted + ROOTFS_BLOCK_SIZE - 1) / ROOTFS_BLOCK_SIZE;
    int rc = blocks_get(r, block, run, blocks, keep, &view->slot);
    if (rc)
        return rc;
    view->data = cache_data(&r->cache, view->slot) + start + from;
    view->size = size - from;
    return 0;
}

static int64_t copy_content(struct rootfs *r, const struct rootfs_inode *i, void *out, size_t size,
                            uint64_t offset)
{
    if (offset >= i->size)
        return 0;
    if (size > i->size - offset)
        size = (size_t)(i->size - offset);
    uint8_t *to = out;
    size_t done = 0;
    while (done < size) {
        struct rootfs_view view;
        int rc = file_view(r, i, offset + done, size - done, &view);
        if (rc)
            return rc;
        size_t part = view.size < size - done ? view.size : size - done;
        memcpy(to + done, view.data, part);
        cache_unpin(&r->cache, view.slot);
        done += part;
    }
    return (int64_t)done;
}

static int check_readable(const struct rootfs_inode *file)
{
    if (S_ISREG(file->mode))
        return 0;
    return S_ISDIR(file->mode) ? -EISDIR : -EINVAL;
}

int64_t rootfs_pread(struct rootfs *r, const struct rootfs_inode *file, void *out, size_t size,
                     uint64_t offset)
{
    int rc = check_readable(file);
    if (rc)
        return rc;
    int64_t n = copy_content(r, file, out, size, offset);
    return n < 0 ? fault_report(r, file->nid, (int)n) : n;
}

int rootfs_map(struct rootfs *r, const struct rootfs_inode *file, uint64_t offset,
               struct rootfs_view *view)
{
    int rc = check_readable(file);
    if (rc)
        return rc;
    if (offset >= file->size)
        return 0;
    rc = file_view(r, file, offset, 1, view);
    if (rc)
        return fault_report(r, file->nid, rc);
    if (cache_map(&r->cache, view->slot))
        return 1;
    cache_unpin(&r->cache, view->slot);
    return -EBUSY;
}

void rootfs_unmap(struct rootfs *r, struct rootfs_view *view)
{
    cache_unmap(&r->cache, view->slot);
    *view = (struct rootfs_view){.slot = CACHE_NO_SLOT};
}

int rootfs_readlink(struct rootfs *r, const struct rootfs_inode *link, char *out, size_t size)
{
    if (!S_ISLNK(link->mode))
        return -EINVAL;
    int64_t n = copy_content(r, link, out, size, 0);
    return n < 0 ? fault_report(r, link->nid, (int)n) : (int)n;
}
