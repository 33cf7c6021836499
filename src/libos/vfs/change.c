/* SPDX-License-Identifier: Apache-2.0
 * change.c: making, linking, removing and renaming names.  Errnos in Linux's order. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "libos/lib/alloc.h"
#include "libos/task/task.h"
#include "libos/vfs/vfs.h"

static struct mutex g_rename = {.waiters = {&g_rename.waiters, &g_rename.waiters}};

/* May names in this folder be made or removed? */
static int may_change(struct task *t, const struct dentry *dir)
{
    int rc = inode_permission(dir->inode, &t->process->cred, MAY_WRITE | MAY_EXEC);
    if (rc)
        return rc;
    if (!dir->inode->super->folder_ops)
        return -EPERM;
    return dir->inode->super->read_only ? -EROFS : 0;
}

static void touch(struct inode *dir)
{
    dir->mtime = dir->ctime = vfs_now();
}

/* The new inode of a name.  NULL without memory. */
static struct inode *new_inode(struct task *t, struct inode *dir, const struct new_name *new)
{
    struct inode *inode = memfs_inode(dir->super, new->mode, &t->process->cred);
    if (!inode)
        return NULL;
    inode->rdev = new->rdev;
    if (dir->mode & S_ISGID) {
        inode->gid = dir->gid;
        if (S_ISDIR(new->mode))
            inode->mode |= S_ISGID;
    }
    if (new->target) {
        inode->link = kstrdup(new->target);
        inode->size = strlen(new->target);
        if (!inode->link) {
            inode_put(inode);
            return NULL;
        }
    }
    return inode;
}

int vfs_create(struct task *t, struct dentry *dir, const struct new_name *new, struct dentry **out)
{
    auto_dentry there = NULL;
    mutex_lock(&dir->inode->lock);
    int rc = dentry_lookup(dir, new->name, new->size, &there);
    if (!rc && there->inode)
        rc = -EEXIST;
    if (!rc && !dir->inode->nlink)
        rc = -ENOENT;
    if (!rc)
        rc = may_change(t, dir);
    if (!rc) {
        struct inode *inode = new_inode(t, dir->inode, new);
        if (inode)
            dentry_fill(there, inode);
        else
            rc = -ENOMEM;
    }
    if (!rc) {
        touch(dir->inode);
        dir->inode->nlink += S_ISDIR(new->mode);
        *out = there;
        there = NULL;
    }
    mutex_unlock(&dir->inode->lock);
    return rc;
}

int vfs_link(struct task *t, struct dentry *from, struct dentry *dir, const char *name, size_t size)
{
    struct inode *inode = from->inode;
    if (inode->super != dir->inode->super)
        return -EXDEV;
    if (S_ISDIR(inode->mode))
        return -EPERM;
    auto_dentry d = NULL;
    mutex_lock(&dir->inode->lock);
    int rc = dentry_lookup(dir, name, size, &d);
    if (!rc && d->inode)
        rc = -EEXIST;
    if (!rc)
        rc = may_change(t, dir);
    if (!rc && inode->nlink == 0)
        rc = -ENOENT;
    if (!rc) {
        dentry_fill(d, inode_get(inode));
        inode->nlink++;
        inode->ctime = vfs_now();
        touch(dir->inode);
    }
    mutex_unlock(&dir->inode->lock);
    return rc;
}

/* The sticky bit: only the owner of the file or of the folder removes. */
static int check_sticky(struct task *t, const struct inode *dir, const struct inode *inode)
{
    uint32_t uid = t->process->cred.fsuid;
    if (!(dir->mode & S_ISVTX) || uid == 0 || uid == dir->uid || uid == inode->uid)
        return 0;
    return -EPERM;
}

/* Needs: d->inode->lock. */
static int check_empty(struct dentry *d)
{
    int rc = dentry_list(d);
    if (rc)
        return rc;
    spin_lock(&g_tree);
    list_each(node, &d->children)
    {
        struct dentry *child = container_of(node, struct dentry, siblings);
        if (child->inode || child->unresolved)
            rc = -ENOTEMPTY;
    }
    spin_unlock(&g_tree);
    return rc;
}

/* What removing (or replacing) d needs.  Needs: the parent's lock. */
static int check_remove(struct task *t, struct dentry *dir, struct dentry *d, bool folder)
{
    int rc = may_change(t, dir);
    if (!rc)
        rc = check_sticky(t, dir->inode, d->inode);
    if (rc)
        return rc;
    bool is_folder = S_ISDIR(d->inode->mode);
    if (folder && !is_folder)
        return -ENOTDIR;
    if (!folder && is_folder)
        return -EISDIR;
    if (d->mounted)
        return -EBUSY;
    if (!folder)
        return 0;
    mutex_lock(&d->inode->lock);
    rc = check_empty(d);
    mutex_unlock(&d->inode->lock);
    return rc;
}

/* Needs: the parent's lock. */
static void drop_name(struct dentry *dir, struct dentry *d)
{
    struct inode *inode = d->inode;
    if (S_ISDIR(inode->mode)) {
        inode->nlink = 0;
        dir->inode->nlink--;
    } else {
        inode->nlink--;
    }
    inode->ctime = vfs_now();
    dentry_remove(d);
    touch(dir->inode);
}

int vfs_unlink(struct task *t, struct dentry *dir, const char *name, size_t size, bool folder)
{
    auto_dentry d = NULL;
    mutex_lock(&dir->inode->lock);
    int rc = dentry_lookup(dir, name, size, &d);
    if (!rc && !d->inode)
        rc = -ENOENT;
    if (!rc)
        rc = check_remove(t, dir, d, folder);
    if (!rc)
        drop_name(dir, d);
    mutex_unlock(&dir->inode->lock);
    return rc;
}

static bool is_below(const struct dentry *d, const struct dentry *top)
{
    for (; d->parent != d; d = d->parent)
        if (d == top)
            return true;
    return d == top;
}

/* Needs: both folders' locks and g_rename. */
static int rename_check(struct task *t, struct dentry *from, struct dentry *old, struct dentry *to,
                        struct dentry *target, unsigned flags)
{
    int rc = may_change(t, from);
    if (!rc)
        rc = check_sticky(t, from->inode, old->inode);
    if (!rc)
        rc = may_change(t, to);
    if (rc)
        return rc;
    bool folder = S_ISDIR(old->inode->mode);
    if (old->mounted)
        return -EBUSY;
    if (folder && is_below(to, old))
        return -EINVAL;
    if (!target->inode)
        return 0;
    if (flags & RENAME_NOREPLACE)
        return -EEXIST;
    return check_remove(t, to, target, folder);
}

/* Needs: both folders' locks and g_rename. */
static int rename_locked(struct task *t, const struct walk *from, const struct walk *to,
                         unsigned flags)
{
    auto_dentry old = NULL;
    auto_dentry target = NULL;
    int rc = dentry_lookup(from->dentry, from->last, from->last_size, &old);
    if (!rc && !old->inode)
        rc = -ENOENT;
    if (!rc)
        rc = dentry_lookup(to->dentry, to->last, to->last_size, &target);
    if (!rc && target->inode && is_below(from->dentry, target))
        rc = -ENOTEMPTY;
    if (!rc && old->inode == target->inode)
        return flags & RENAME_NOREPLACE ? -EEXIST : 0;
    if (!rc && !S_ISDIR(old->inode->mode) && (from->trailing_slash || to->trailing_slash))
        rc = -ENOTDIR;
    if (!rc)
        rc = rename_check(t, from->dentry, old, to->dentry, target, flags);
    if (rc)
        return rc;
    if (target->inode)
        drop_name(to->dentry, target);
    dentry_put(target);
    target = NULL;
    rc = dentry_move(old, to->dentry, to->last, to->last_size);
    if (rc)
        return rc;
    if (S_ISDIR(old->inode->mode)) {
        from->dentry->inode->nlink--;
        to->dentry->inode->nlink++;
    }
    touch(from->dentry->inode);
    touch(to->dentry->inode);
    old->inode->ctime = vfs_now();
    return 0;
}

int vfs_rename(struct task *t, const struct walk *from, const struct walk *to, unsigned flags)
{
    struct inode *a = from->dentry->inode;
    struct inode *b = to->dentry->inode;
    if (a->super != b->super)
        return -EXDEV;
    if (!from->last_size || !to->last_size)
        return -EBUSY;
    mutex_lock(&g_rename);
    bool swap = is_below(from->dentry, to->dentry); /* ancestors first, then by address */
    struct inode *first = swap ? b : a;
    struct inode *second = swap ? a : b;
    mutex_lock(&first->lock);
    if (first != second)
        mutex_lock(&second->lock);
    int rc = rename_locked(t, from, to, flags);
    if (first != second)
        mutex_unlock(&second->lock);
    mutex_unlock(&first->lock);
    mutex_unlock(&g_rename);
    return rc;
}
