/* SPDX-License-Identifier: Apache-2.0
 * open.c: open(2). */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "libos/lib/alloc.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

#ifndef O_TMPFILE_BIT
#define O_TMPFILE_BIT 020000000
#endif

int vfs_start(struct task *t, int at, const char *path, unsigned flags, struct dentry **out)
{
    if (!*path && !(flags & WALK_EMPTY))
        return -ENOENT;
    if (*path == '/' || at == AT_FDCWD) {
        spin_lock(&t->process->lock);
        *out = dentry_get(t->process->cwd);
        spin_unlock(&t->process->lock);
        return 0;
    }
    auto_file f = NULL;
    int rc = fd_get(t, at, FILE_PATH_TOO, &f);
    if (rc)
        return rc;
    bool empty = !*path && (flags & WALK_EMPTY);
    if (!f->dentry || (!empty && !S_ISDIR(f->inode->mode)))
        return -ENOTDIR;
    *out = dentry_get(f->dentry);
    return 0;
}

static int check_open(struct task *t, const struct inode *inode, uint32_t flags)
{
    uint32_t mode = inode->mode;
    uint32_t access = flags & O_ACCMODE;
    if (S_ISLNK(mode) && !(flags & O_PATH))
        return -ELOOP;
    if ((flags & O_DIRECTORY) && !S_ISDIR(mode))
        return -ENOTDIR;
    if (flags & O_PATH)
        return 0;
    bool writes = access != O_RDONLY || (flags & O_TRUNC);
    if (S_ISDIR(mode) && (writes || (flags & O_CREAT)))
        return -EISDIR;
    int may = (access != O_WRONLY ? MAY_READ : 0) | (writes ? MAY_WRITE : 0);
    int rc = inode_permission(inode, &t->process->cred, may);
    if (rc)
        return rc;
    if (writes && inode->super->read_only && (S_ISREG(mode) || S_ISDIR(mode)))
        return -EROFS;
    if (S_ISSOCK(mode))
        return -ENXIO;
    if ((flags & O_NOATIME) && t->process->cred.fsuid && t->process->cred.fsuid != inode->uid)
        return -EPERM;
    return 0;
}

/* Opens what is there; `fresh` when this call made it. */
static int open_dentry(struct task *t, struct dentry *d, uint32_t flags, bool fresh,
                       struct file **out)
{
    int rc = fresh ? 0 : check_open(t, d->inode, flags);
    if (rc)
        return rc;
    if ((flags & O_TRUNC) && !fresh && S_ISREG(d->inode->mode) && d->inode->ops->truncate) {
        struct vfs_attr attr = {.valid = ATTR_SIZE};
        rc = inode_set(d->inode, &t->process->cred, &attr);
        if (rc)
            return rc;
    }
    uint32_t keep = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    return file_open(d, keep | O_LARGEFILE, out);
}

/* The last name with O_CREAT.  1: it is a symbolic link, to be followed. */
static int open_last(struct task *t, struct walk *w, uint32_t flags, uint32_t mode,
                     struct file **out)
{
    auto_dentry d = NULL;
    if (!w->last_size || w->trailing_slash)
        return -EISDIR;
    bool fresh = false;
    mutex_lock(&w->dentry->inode->lock);
    int rc = dentry_lookup(w->dentry, w->last, w->last_size, &d);
    mutex_unlock(&w->dentry->inode->lock);
    if (!rc && !d->inode) {
        dentry_put(d);
        d = NULL;
        uint32_t bits = mode & 07777 & ~t->process->umask;
        rc = vfs_create(
            t, w->dentry,
            &(struct new_name){.name = w->last, .size = w->last_size, .mode = S_IFREG | bits}, &d);
        fresh = !rc;
        if (rc == -EEXIST && !(flags & O_EXCL))
            return open_last(t, w, flags, mode, out);
    } else if (!rc && (flags & O_EXCL)) {
        rc = -EEXIST;
    }
    if (rc)
        return rc;
    if (S_ISLNK(d->inode->mode) && !(flags & O_NOFOLLOW))
        return 1;
    if (d->mounted)
        return -EISDIR;
    return open_dentry(t, d, flags, fresh, out);
}

/* O_CREAT through a symbolic link: its target is made. */
static int open_through_link(struct task *t, struct walk *w, uint32_t flags, uint32_t mode,
                             struct file **out)
{
    auto_dentry link = NULL;
    mutex_lock(&w->dentry->inode->lock);
    int rc = dentry_lookup(w->dentry, w->last, w->last_size, &link);
    mutex_unlock(&w->dentry->inode->lock);
    if (rc || !link->inode)
        return rc ? rc : -ENOENT;
    auto_walk there = {0};
    rc = vfs_walk(t, w->dentry, w->last, WALK_FOLLOW, &there);
    if (!rc)
        return open_dentry(t, there.dentry, flags, false, out);
    if (rc != -ENOENT || !link->inode->link)
        return rc;
    auto_walk parent = {0};
    rc = vfs_walk(t, w->dentry, link->inode->link, WALK_PARENT, &parent);
    if (!rc)
        rc = open_last(t, &parent, flags, mode, out);
    return rc == 1 ? -ELOOP : rc;
}

static int open_unnamed(struct task *t, struct dentry *dir, uint32_t flags, uint32_t mode,
                        struct file **out)
{
    if ((flags & O_ACCMODE) == O_RDONLY)
        return -EINVAL;
    int rc = inode_permission(dir->inode, &t->process->cred, MAY_WRITE | MAY_EXEC);
    if (rc)
        return rc;
    struct inode *inode = memfs_inode(
        dir->inode->super, S_IFREG | (mode & 07777 & ~t->process->umask), &t->process->cred);
    struct dentry *d = inode ? dentry_root(inode) : NULL;
    if (!d)
        return -ENOMEM;
    inode->nlink = 0;
    rc = file_open(d, flags & ~(uint32_t)(O_TMPFILE_BIT | O_DIRECTORY), out);
    dentry_put(d);
    return rc;
}

int vfs_open(struct task *t, int at, const char *path, uint32_t flags, uint32_t mode,
             struct file **out)
{
    auto_dentry start = NULL;
    int rc = vfs_start(t, at, path, 0, &start);
    if (rc)
        return rc;
    bool create = (flags & O_CREAT) && !(flags & O_PATH);
    bool unnamed = (flags & O_TMPFILE_BIT) && (flags & O_DIRECTORY);
    auto_walk w = {0};
    if (!create || unnamed) {
        unsigned how = (flags & O_NOFOLLOW) ? 0 : WALK_FOLLOW;
        rc = vfs_walk(t, start, path, how, &w);
        if (!rc && unnamed)
            return open_unnamed(t, w.dentry, flags, mode, out);
        return rc ? rc : open_dentry(t, w.dentry, flags, false, out);
    }
    if (flags & O_DIRECTORY)
        return -EINVAL;
    rc = vfs_walk(t, start, path, WALK_PARENT, &w);
    if (!rc)
        rc = open_last(t, &w, flags, mode, out);
    return rc == 1 ? open_through_link(t, &w, flags, mode, out) : rc;
}
