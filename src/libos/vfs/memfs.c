/* SPDX-License-Identifier: Apache-2.0
 * memfs.c: files and folders in memory, alone (tmpfs) or over a read-only lower tree (the root).
 * A file from below keeps its inode when it is written: pages are copied up one by one. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>

#include "libos/lib/alloc.h"
#include "libos/mm/user.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/shared.h"
#include "libos/vfs/vfs.h"

enum { LINK_HASH = 1 << 10 };

/* Inodes from below with more than one name, so that hard links stay one file. */
static struct {
    struct spinlock lock;
    struct linked {
        struct linked *next;
        struct inode *inode;
    } * heads[LINK_HASH];
} g_linked;

static uint64_t g_next_dev = 0x20; /* major 0, as anonymous devices of Linux */

static uint8_t *page_ptr(uint64_t slot)
{
    return user_raw(user_at(slot & ~(uint64_t)PAGE_TAGS));
}

static void page_drop(uint64_t slot)
{
    if (!(slot & PAGE_USER))
        kpage_free(page_ptr(slot));
}

static void memfs_free(struct inode *inode)
{
    pages_cut(&inode->pages, 0, page_drop);
}

/* A new page with what lies below, or zeros.  Needs: inode->lock. */
static int page_make(struct inode *inode, uint64_t index, uint64_t *slot)
{
    uint8_t *page = kpage_alloc();
    if (!page)
        return -ENOMEM;
    uint64_t pos = index << PAGE_SHIFT;
    size_t have = 0;
    if (pos < inode->lower_size) {
        uint64_t left = inode->lower_size - pos;
        size_t want = left < PAGE_SIZE ? (size_t)left : PAGE_SIZE;
        const struct lower *lower = inode->super->lower;
        int64_t n = lower->ops->read(lower->ctx, inode->lower_id, page, want, pos);
        if (n != (int64_t)want) {
            kpage_free(page);
            return n < 0 ? (int)n : -EIO;
        }
        have = want;
    }
    memset(page + have, 0, PAGE_SIZE - have);
    *slot = (uintptr_t)page;
    int rc = pages_set(&inode->pages, index, *slot);
    if (rc)
        kpage_free(page);
    return rc;
}

/* One page or less from the file.  Needs: inode->lock.  Bytes put, or a negative errno. */
static int64_t read_piece(struct inode *inode, struct user_buf *buf, uint64_t pos, size_t size)
{
    uint64_t slot = pages_get(&inode->pages, pos >> PAGE_SHIFT);
    size_t at = pos & (PAGE_SIZE - 1);
    if (!slot && pos >= inode->lower_size)
        return (int64_t)buf_put_zero(buf, size);
    if (!slot) {
        int rc = page_make(inode, pos >> PAGE_SHIFT, &slot);
        if (rc)
            return rc;
    }
    return (int64_t)(slot & PAGE_USER ? shared_get(slot, at, buf, size)
                                      : buf_put(buf, page_ptr(slot) + at, size));
}

int64_t memfs_read(struct inode *inode, struct user_buf *buf, uint64_t pos)
{
    int64_t done = 0;
    mutex_lock(&inode->lock);
    uint64_t end = inode->size > pos ? inode->size - pos : 0;
    size_t left = buf->left < end ? buf->left : (size_t)end;
    while (left) {
        size_t piece = PAGE_SIZE - (pos & (PAGE_SIZE - 1));
        piece = piece < left ? piece : left;
        int64_t n = read_piece(inode, buf, pos, piece);
        if (n < (int64_t)piece) {
            int64_t err = n < 0 ? n : -EFAULT;
            done += n > 0 ? n : 0;
            if (done == 0)
                done = err;
            break;
        }
        pos += piece;
        left -= piece;
        done += n;
    }
    mutex_unlock(&inode->lock);
    return done;
}

static int64_t write_piece(struct inode *inode, struct user_buf *buf, uint64_t pos, size_t size)
{
    uint64_t index = pos >> PAGE_SHIFT;
    uint64_t slot = pages_get(&inode->pages, index);
    size_t at = pos & (PAGE_SIZE - 1);
    int rc = slot ? 0 : page_make(inode, index, &slot);
    if (!rc && !(slot & PAGE_DIRTY))
        rc = pages_set(&inode->pages, index, slot |= PAGE_DIRTY);
    if (rc)
        return rc;
    return (int64_t)(slot & PAGE_USER ? shared_put(slot, at, buf, size)
                                      : buf_get(buf, page_ptr(slot) + at, size));
}

int64_t memfs_write(struct inode *inode, struct user_buf *buf, uint64_t pos)
{
    int64_t done = 0;
    if (pos > INT64_MAX - buf->left)
        return -EFBIG;
    mutex_lock(&inode->lock);
    while (buf->left) {
        size_t piece = PAGE_SIZE - (pos & (PAGE_SIZE - 1));
        piece = piece < buf->left ? piece : buf->left;
        int64_t n = write_piece(inode, buf, pos, piece);
        if (n > 0) {
            pos += (uint64_t)n;
            done += n;
            if (pos > inode->size)
                inode->size = pos;
        }
        if (n < (int64_t)piece) {
            if (done == 0)
                done = n < 0 ? n : -EFAULT;
            break;
        }
    }
    if (done > 0) {
        inode->mtime = inode->ctime = vfs_now();
        inode->mode &= ~(uint32_t)S_ISUID;
    }
    mutex_unlock(&inode->lock);
    return done == -ENOMEM ? -ENOSPC : done;
}

static int memfs_truncate(struct inode *inode, uint64_t size)
{
    if (size < inode->size) {
        uint64_t whole = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
        shared_cut(inode, whole);
        pages_cut(&inode->pages, whole, page_drop);
        if (size & (PAGE_SIZE - 1)) { /* what is cut off reads as zeros when the file grows again */
            uint64_t slot = pages_get(&inode->pages, size >> PAGE_SHIFT);
            int rc =
                slot || size >= inode->lower_size ? 0 : page_make(inode, size >> PAGE_SHIFT, &slot);
            if (rc)
                return rc;
            size_t at = size & (PAGE_SIZE - 1);
            if (slot & PAGE_USER)
                shared_zero(slot, at, PAGE_SIZE - at);
            else if (slot)
                memset(page_ptr(slot) + at, 0, PAGE_SIZE - at);
            if (slot)
                ignore(pages_set(&inode->pages, size >> PAGE_SHIFT, slot | PAGE_DIRTY));
        }
        if (inode->lower_size > size)
            inode->lower_size = size;
    }
    inode->size = size;
    return 0;
}

/* ---- folders over a lower tree ---- */

static const struct inode_ops *ops_for(uint32_t mode)
{
    return S_ISREG(mode)   ? &g_memfs_file
           : S_ISDIR(mode) ? &g_memfs_folder
           : S_ISLNK(mode) ? &g_memfs_link
                           : &g_memfs_special;
}

/* An inode with what `st` says; a reference, or NULL. */
static struct inode *inode_from_below(struct super *super, uint64_t node,
                                      const struct lower_stat *st)
{
    struct inode *inode = inode_new(super, st->mode, ops_for(st->mode));
    if (!inode)
        return NULL;
    inode->ino = st->ino;
    inode->nlink = st->nlink;
    inode->uid = st->uid;
    inode->gid = st->gid;
    inode->size = st->size;
    inode->rdev = st->rdev;
    inode->atime = inode->mtime = inode->ctime = st->mtime;
    inode->has_lower = true;
    inode->lower_id = node;
    inode->lower_size = S_ISREG(st->mode) ? st->size : 0;
    return inode;
}

static int read_link_below(struct inode *inode)
{
    const struct lower *lower = inode->super->lower;
    inode->link = kalloc(inode->size + 1);
    if (!inode->link)
        return -ENOMEM;
    int64_t n = lower->ops->readlink(lower->ctx, inode->lower_id, inode->link, inode->size);
    return n < 0 ? (int)n : n == (int64_t)inode->size ? 0 : -EIO;
}

/* The inode for a file with several names; made at the first of them, and kept. */
static struct inode *linked_get(struct super *super, uint64_t node, const struct lower_stat *st)
{
    struct linked **head = &g_linked.heads[st->ino % LINK_HASH];
    spin_lock(&g_linked.lock);
    for (struct linked *l = *head; l; l = l->next)
        if (l->inode->ino == st->ino && l->inode->super == super) {
            inode_get(l->inode);
            spin_unlock(&g_linked.lock);
            return l->inode;
        }
    struct linked *l = kalloc(sizeof *l);
    struct inode *inode = l ? inode_from_below(super, node, st) : NULL;
    if (inode) {
        l->inode = inode_get(inode);
        l->next = *head;
        *head = l;
    } else {
        kfree(l);
    }
    spin_unlock(&g_linked.lock);
    return inode;
}

static int folder_lookup(struct inode *dir, const char *name, size_t size, struct inode **out)
{
    const struct lower *lower = dir->super->lower;
    uint64_t node = 0;
    struct lower_stat st;
    if (!dir->has_lower)
        return -ENOENT;
    int rc = lower->ops->lookup(lower->ctx, dir->lower_id, name, size, &node);
    if (!rc)
        rc = lower->ops->stat(lower->ctx, node, &st);
    if (rc)
        return rc;
    bool linked = st.nlink > 1 && !S_ISDIR(st.mode);
    struct inode *inode =
        linked ? linked_get(dir->super, node, &st) : inode_from_below(dir->super, node, &st);
    if (!inode)
        return -ENOMEM;
    if (S_ISLNK(st.mode) && !inode->link)
        rc = read_link_below(inode);
    if (rc)
        inode_put(inode);
    else
        *out = inode;
    return rc;
}

static int folder_list(struct dentry *dir)
{
    const struct lower *lower = dir->inode->super->lower;
    struct lower_entry entry;
    uint64_t cookie = 0;
    int rc = 0;
    if (!dir->inode->has_lower)
        return 0;
    while ((rc = lower->ops->list(lower->ctx, dir->inode->lower_id, &cookie, &entry)) > 0) {
        spin_lock(&g_tree);
        struct dentry *d = dentry_find(dir, entry.name, entry.name_size);
        spin_unlock(&g_tree);
        if (d)
            continue;
        d = dentry_add(dir, entry.name, entry.name_size, NULL);
        if (!d)
            return -ENOMEM;
        dentry_mark_unresolved(d, entry.ino, entry.type);
        dentry_put(d);
    }
    return rc;
}

const struct inode_ops g_memfs_file = {.truncate = memfs_truncate, .free = memfs_free};
const struct inode_ops g_memfs_folder = {.lookup = folder_lookup, .list = folder_list};
const struct inode_ops g_memfs_link = {0};
const struct inode_ops g_memfs_special = {.free = special_free};

struct inode *memfs_inode(struct super *super, uint32_t mode, const struct cred *cred)
{
    struct inode *inode = inode_new(super, mode, ops_for(mode));
    if (!inode)
        return NULL;
    inode->ino = __atomic_add_fetch(&super->next_ino, 1, __ATOMIC_RELAXED);
    inode->uid = cred ? cred->fsuid : 0;
    inode->gid = cred ? cred->fsgid : 0;
    if (S_ISDIR(mode))
        inode->listed = true;
    return inode;
}

struct dentry *memfs_new(const struct lower *lower, const char *type, const char *source,
                         uint32_t mode)
{
    struct super *super = kalloc(sizeof *super);
    if (!super)
        return NULL;
    super->type = type;
    super->source = source;
    super->magic = TMPFS_MAGIC;
    super->dev = __atomic_add_fetch(&g_next_dev, 1, __ATOMIC_RELAXED);
    super->lower = lower;
    super->folder_ops = &g_memfs_folder;
    struct inode *inode = NULL;
    struct lower_stat st;
    if (lower) {
        super->next_ino = (uint64_t)1 << 40; /* above the numbers from below */
        if (lower->ops->stat(lower->ctx, lower->root, &st) == 0)
            inode = inode_from_below(super, lower->root, &st);
    } else {
        inode = memfs_inode(super, S_IFDIR | mode, NULL);
    }
    struct dentry *root = inode ? dentry_root(inode) : NULL;
    if (!root)
        kfree(super);
    return root;
}
