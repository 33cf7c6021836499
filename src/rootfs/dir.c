/* SPDX-License-Identifier: Apache-2.0
 * dir.c: directories: lookup by binary search, and listing.
 *
 * A directory's content is cut into blocks of 4 KiB, each with its entries in front and their names
 * behind; entries are sorted over all blocks.  The first entry's name offset says how many there
 * are.  A cookie is the byte offset of an entry in the content. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "rootfs/rootfs_priv.h"

struct dir_block {
    struct rootfs_view view;
    size_t count; /* entries */
};

static int block_open(struct rootfs *r, const struct rootfs_inode *dir, uint64_t index,
                      struct dir_block *b)
{
    uint64_t left = dir->size - index * ROOTFS_BLOCK_SIZE;
    int rc = file_view(r, dir, index * ROOTFS_BLOCK_SIZE, left, &b->view);
    if (rc)
        return rc;
    uint32_t names = b->view.size >= EROFS_DIRENT_SIZE ? get_le16(b->view.data + 8) : 0;
    if (names < EROFS_DIRENT_SIZE || names % EROFS_DIRENT_SIZE || names >= b->view.size) {
        cache_unpin(&r->cache, b->view.slot);
        return -EUCLEAN;
    }
    b->count = names / EROFS_DIRENT_SIZE;
    return 0;
}

static void block_close(struct rootfs *r, struct dir_block *b)
{
    cache_unpin(&r->cache, b->view.slot);
}

/* The name of entry `i`; -EUCLEAN when its bounds or its bytes cannot be right. */
static int name_at(const struct dir_block *b, size_t i, struct span *name)
{
    const uint8_t *data = b->view.data;
    size_t start = get_le16(data + i * EROFS_DIRENT_SIZE + 8);
    size_t end = b->view.size;
    if (i + 1 < b->count)
        end = get_le16(data + (i + 1) * EROFS_DIRENT_SIZE + 8);
    if (start < b->count * EROFS_DIRENT_SIZE || end > b->view.size || start >= end)
        return -EUCLEAN;
    *name = span_of(data + start, end - start);
    const uint8_t *zero = memchr(name->data, 0, name->size);
    if (zero && i + 1 == b->count) /* only the last one may be padded */
        name->size = (size_t)(zero - name->data);
    else if (zero)
        return -EUCLEAN;
    if (name->size == 0 || name->size > ROOTFS_NAME_MAX || memchr(name->data, '/', name->size))
        return -EUCLEAN;
    return 0;
}

static uint8_t dirent_type(uint8_t type)
{
    return (uint8_t)((erofs_mode_of_type(type) & S_IFMT) >> 12); /* DT_* is the mode's upper bits */
}

static void entry_copy(const struct dir_block *b, size_t i, struct span name,
                       struct rootfs_dirent *out)
{
    const uint8_t *raw = b->view.data + i * EROFS_DIRENT_SIZE;
    out->nid = get_le64(raw);
    out->type = dirent_type(raw[10]);
    out->name_size = (uint8_t)name.size;
    memcpy(out->name, name.data, name.size);
    out->name[name.size] = 0;
}

/* Searches one block: 0 with *out, -ENOENT.  *order says on which side of the block's first entry
 * the name is (negative: before). */
static int block_search(const struct dir_block *b, struct span name, struct rootfs_dirent *out,
                        int *order)
{
    size_t low = 0;
    size_t high = b->count;
    *order = -1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct span found;
        int rc = name_at(b, middle, &found);
        if (rc)
            return rc;
        int side = erofs_name_compare(name, found);
        if (side == 0) {
            entry_copy(b, middle, found, out);
            return 0;
        }
        if (side > 0) {
            *order = 1;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -ENOENT;
}

static int first_compare(const struct dir_block *b, struct span name, int *order)
{
    struct span first;
    int rc = name_at(b, 0, &first);
    *order = rc ? 0 : erofs_name_compare(name, first);
    return rc;
}

/* Finds the last block whose first name is not behind `name`, and searches that one. */
static int dir_search(struct rootfs *r, const struct rootfs_inode *dir, struct span name,
                      struct rootfs_dirent *out)
{
    uint64_t low = 0;
    uint64_t high = (dir->size + ROOTFS_BLOCK_SIZE - 1) / ROOTFS_BLOCK_SIZE;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct dir_block b;
        int rc = block_open(r, dir, middle, &b);
        if (rc)
            return rc;
        int order;
        rc = first_compare(&b, name, &order);
        bool is_last = high - low == 1;
        if (rc == 0 && (order == 0 || (is_last && order > 0)))
            rc = block_search(&b, name, out, &order);
        else if (rc == 0 && is_last)
            rc = -ENOENT;
        else if (rc == 0)
            rc = 1; /* go on */
        block_close(r, &b);
        if (rc <= 0)
            return rc;
        if (order > 0)
            low = middle;
        else
            high = middle;
    }
    return -ENOENT;
}

int rootfs_lookup(struct rootfs *r, const struct rootfs_inode *dir, struct span name,
                  struct rootfs_dirent *out)
{
    if (!S_ISDIR(dir->mode))
        return -ENOTDIR;
    if (name.size > ROOTFS_NAME_MAX)
        return -ENAMETOOLONG;
    if (name.size == 0)
        return -ENOENT;
    int rc = dir_search(r, dir, name, out);
    return rc && rc != -ENOENT ? fault_report(r, dir->nid, rc) : rc;
}

int dir_next(struct rootfs *r, const struct rootfs_inode *dir, uint64_t *cookie,
             struct rootfs_dirent *out)
{
    while (*cookie < dir->size) {
        uint64_t index = *cookie / ROOTFS_BLOCK_SIZE;
        size_t i = (*cookie % ROOTFS_BLOCK_SIZE + EROFS_DIRENT_SIZE - 1) / EROFS_DIRENT_SIZE;
        struct dir_block b;
        int rc = block_open(r, dir, index, &b);
        if (rc)
            return rc;
        struct span name;
        bool is_there = i < b.count;
        rc = is_there ? name_at(&b, i, &name) : 0;
        if (is_there && rc == 0) {
            entry_copy(&b, i, name, out);
            *cookie = index * ROOTFS_BLOCK_SIZE + (i + 1) * EROFS_DIRENT_SIZE;
        }
        if (rc == 0 && i + 1 >= b.count)
            *cookie = (index + 1) * ROOTFS_BLOCK_SIZE;
        block_close(r, &b);
        if (rc || is_there)
            return rc ? rc : 1;
    }
    return 0;
}

int rootfs_readdir(struct rootfs *r, const struct rootfs_inode *dir, uint64_t *cookie,
                   struct rootfs_dirent *out)
{
    if (!S_ISDIR(dir->mode))
        return -ENOTDIR;
    int rc = dir_next(r, dir, cookie, out);
    return rc < 0 ? fault_report(r, dir->nid, rc) : rc;
}
