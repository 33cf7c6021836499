/* SPDX-License-Identifier: Apache-2.0
 * dir.c: listing folders.  The position of an entry is its cookie, which stays while others come
 * and go. */
#include "libos/vfs/dir.h"

#include <asm/errno.h>
#include <linux/fs.h>

#include "libos/lib/alloc.h"
#include "libos/vfs/file.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

enum { RECORD_HEAD = 19, DT_UNKNOWN_ = 0 };

struct record {
    uint64_t ino, next;
    uint16_t size;
    uint8_t type;
    const char *name;
    size_t name_size;
};

/* Writes one at out + at; its size, 0 when it does not fit. */
static size_t put_record(uint8_t *out, size_t at, size_t room, const struct record *r)
{
    size_t size = (RECORD_HEAD + r->name_size + 1 + 7) & ~(size_t)7;
    if (size > room - at)
        return 0;
    memset(out + at, 0, size);
    memcpy(out + at, &r->ino, 8);
    memcpy(out + at + 8, &r->next, 8);
    uint16_t short_size = (uint16_t)size;
    memcpy(out + at + 16, &short_size, 2);
    out[at + 18] = r->type;
    memcpy(out + at + RECORD_HEAD, r->name, r->name_size);
    return size;
}

static uint8_t type_of(const struct dentry *d)
{
    return d->unresolved ? d->list_type : (uint8_t)((d->inode->mode & S_IFMT) >> 12);
}

/* The entry at or after `pos`.  Needs: g_tree.  False at the end. */
static bool next_record(struct dentry *dir, uint64_t pos, struct record *r)
{
    if (pos < 2) {
        const struct dentry *up = dir->mountpoint ? dir->mountpoint->parent : dir->parent;
        *r = (struct record){.ino = pos ? up->inode->ino : dir->inode->ino,
                             .next = pos + 1,
                             .type = S_IFDIR >> 12,
                             .name = "..",
                             .name_size = (size_t)pos + 1};
        return true;
    }
    list_each(node, &dir->children)
    {
        struct dentry *d = container_of(node, struct dentry, siblings);
        if (d->cookie < pos || (!d->inode && !d->unresolved))
            continue;
        const struct inode *inode = d->mounted ? d->mounted->inode : d->inode;
        *r = (struct record){.ino = d->unresolved ? d->list_ino : inode->ino,
                             .next = d->cookie + 1,
                             .type = type_of(d),
                             .name = d->name,
                             .name_size = d->name_size};
        return true;
    }
    return false;
}

int64_t dir_getdents(struct file *f, user_ptr out, size_t room)
{
    room = room < 32768 ? room : 32768;
    auto_kfree uint8_t *records = kalloc(room ? room : 1);
    if (!records)
        return -ENOMEM;
    mutex_lock(&f->pos_lock);
    mutex_lock(&f->inode->lock);
    int64_t rc = dentry_list(f->dentry);
    size_t at = 0;
    spin_lock(&g_tree);
    struct record r;
    uint64_t pos = f->pos;
    while (!rc && next_record(f->dentry, pos, &r)) {
        size_t size = put_record(records, at, room, &r);
        if (!size) {
            rc = at ? 0 : -EINVAL;
            break;
        }
        at += size;
        pos = r.next;
    }
    spin_unlock(&g_tree);
    mutex_unlock(&f->inode->lock);
    if (!rc && user_write(out, records, at))
        rc = -EFAULT;
    if (!rc)
        f->pos = pos;
    mutex_unlock(&f->pos_lock);
    return rc ? rc : (int64_t)at;
}

/* Folders and devices: any position is fine. */
int64_t folder_seek(struct file *f, int64_t off, int whence)
{
    if (whence != SEEK_SET && whence != SEEK_CUR)
        return whence == SEEK_END ? 0 : -EINVAL;
    mutex_lock(&f->pos_lock);
    int64_t to = whence == SEEK_CUR ? (int64_t)f->pos + off : off;
    if (to >= 0)
        f->pos = (uint64_t)to;
    mutex_unlock(&f->pos_lock);
    return to >= 0 ? to : -EINVAL;
}
