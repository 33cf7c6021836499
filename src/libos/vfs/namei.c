/* SPDX-License-Identifier: Apache-2.0
 * namei.c: from a path to a dentry.
 * Names that the tree has are walked in one go under g_tree; a name that it lacks is looked up
 * below with the folder's lock.  [path_resolution(7)] */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "libos/lib/alloc.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

struct walker {
    struct task *t;
    struct dentry *at; /* a reference while g_tree is not held */
    const char *rest;
    unsigned flags, links;
    char *link_text; /* what `rest` points into after a symbolic link */
    struct walk *out;
};

void walk_end(struct walk *w)
{
    dentry_put(w->dentry);
    w->dentry = NULL;
}

/* Needs: g_tree. */
static struct dentry *cross_mounts(struct dentry *d)
{
    while (d->mounted)
        d = d->mounted;
    return d;
}

/* Needs: g_tree. */
static struct dentry *step_up(struct dentry *d)
{
    while (d != g_root && d->parent == d && d->mountpoint)
        d = d->mountpoint;
    return cross_mounts(d == g_root ? d : d->parent);
}

/* Moves w->at to `next`, a reference that is taken over. */
static void move_to(struct walker *w, struct dentry *next)
{
    struct dentry *old = w->at;
    spin_lock(&g_tree);
    struct dentry *real = cross_mounts(next);
    if (real != next) {
        real->refs++;
        w->at = real;
    } else {
        w->at = next;
        next = NULL;
    }
    spin_unlock(&g_tree);
    dentry_put(next);
    dentry_put(old);
}

/* The name of the size at w->rest; moves on over the slashes behind it. */
static size_t next_name(struct walker *w, const char **name)
{
    *name = w->rest;
    size_t size = 0;
    while (w->rest[size] && w->rest[size] != '/')
        size++;
    w->rest += size;
    while (*w->rest == '/')
        w->rest++;
    return size;
}

static bool is_dot(const char *name, size_t size)
{
    return size == 1 && name[0] == '.';
}

static bool is_dot_dot(const char *name, size_t size)
{
    return size == 2 && name[0] == '.' && name[1] == '.';
}

static int check_folder(const struct dentry *d, const struct cred *cred)
{
    if (!S_ISDIR(d->inode->mode))
        return -ENOTDIR;
    return inode_permission(d->inode, cred, MAY_EXEC);
}

/* Goes on as long as the tree knows the names and they are plain folders; stops before the last
 * name.  Keeps w->at a reference. */
static int walk_known(struct walker *w)
{
    int rc = 0;
    struct dentry *start = w->at;
    spin_lock(&g_tree);
    struct dentry *d = start;
    while (*w->rest) {
        const char *before = w->rest;
        const char *name;
        size_t size = next_name(w, &name);
        rc = check_folder(d, &w->t->process->cred);
        if (rc)
            break;
        if (!*w->rest && (w->flags & WALK_PARENT)) {
            w->rest = before;
            break;
        }
        struct dentry *next = NULL;
        if (is_dot(name, size))
            next = d;
        else if (is_dot_dot(name, size))
            next = step_up(d);
        else if (*w->rest && !d->inode->ops->transient)
            next = dentry_find(d, name, size);
        if (!next || !next->inode || !S_ISDIR(next->inode->mode) || size > NAME_SIZE_MAX ||
            (!*w->rest && !is_dot(name, size) && !is_dot_dot(name, size))) {
            w->rest = before;
            break;
        }
        d = cross_mounts(next);
    }
    if (d != start)
        d->refs++;
    spin_unlock(&g_tree);
    w->at = d;
    if (d != start)
        dentry_put(start);
    return rc;
}

/* One name, in the tree or below: a reference. */
static int look_up(struct walker *w, const char *name, size_t size, struct dentry **out)
{
    if (size > NAME_SIZE_MAX)
        return -ENAMETOOLONG;
    spin_lock(&g_tree);
    struct dentry *d = dentry_find(w->at, name, size);
    if (d && d->unresolved)
        d = NULL;
    if (d)
        d->refs++;
    spin_unlock(&g_tree);
    if (d) {
        *out = d;
        return 0;
    }
    mutex_lock(&w->at->inode->lock);
    int rc = dentry_lookup(w->at, name, size, out);
    mutex_unlock(&w->at->inode->lock);
    return rc;
}

/* Puts a link's target before what is left of the path. */
static int splice_link(struct walker *w, const char *target)
{
    size_t head = strlen(target);
    size_t tail = strlen(w->rest);
    if (head == 0)
        return -ENOENT;
    if (head + tail + 2 > PATH_SIZE_MAX)
        return -ENAMETOOLONG;
    char *text = kalloc(head + tail + 2);
    if (!text)
        return -ENOMEM;
    memcpy(text, target, head);
    if (tail) {
        text[head++] = '/';
        memcpy(text + head, w->rest, tail);
    }
    kfree(w->link_text);
    w->link_text = text;
    w->rest = text;
    if (*text == '/') {
        while (*w->rest == '/')
            w->rest++;
        move_to(w, dentry_get(w->t->process->root));
    }
    return 0;
}

static int follow_link(struct walker *w, struct dentry *link)
{
    struct inode *inode = link->inode;
    if (++w->links > SYMLINKS_MAX)
        return -ELOOP;
    if (inode->ops->follow) {
        struct dentry *to = NULL;
        int rc = inode->ops->follow(inode, &to);
        if (!rc)
            move_to(w, to);
        return rc;
    }
    if (inode->link)
        return splice_link(w, inode->link);
    auto_kfree char *text = kalloc(PATH_SIZE_MAX);
    if (!text)
        return -ENOMEM;
    int64_t n = inode->ops->readlink(inode, text, PATH_SIZE_MAX - 1);
    return n < 0 ? (int)n : splice_link(w, text);
}

/* The name at hand, which walk_known() did not take.  1: the walk is over. */
static int walk_one(struct walker *w)
{
    const char *name;
    size_t size = next_name(w, &name);
    bool last = !*w->rest;
    bool slash = last && w->rest[-1] == '/';
    if (last && (w->flags & WALK_PARENT)) {
        if (size > NAME_SIZE_MAX)
            return -ENAMETOOLONG;
        memcpy(w->out->last, name, size);
        w->out->last[size] = 0;
        w->out->last_size = size;
        w->out->trailing_slash = slash;
        return 1;
    }
    struct dentry *d = NULL;
    int rc = look_up(w, name, size, &d);
    if (rc)
        return rc;
    if (!d->inode) {
        dentry_put(d);
        return -ENOENT;
    }
    if (S_ISLNK(d->inode->mode) && (!last || slash || (w->flags & WALK_FOLLOW))) {
        if (last && slash)
            w->flags |= WALK_FOLDER;
        rc = follow_link(w, d);
        dentry_put(d);
        return rc;
    }
    if (slash)
        w->flags |= WALK_FOLDER;
    move_to(w, d);
    return 0;
}

static int walk_all(struct walker *w)
{
    int rc = 0;
    while (rc == 0 && *w->rest) {
        rc = walk_known(w);
        if (rc == 0 && *w->rest)
            rc = walk_one(w);
    }
    if (rc < 0)
        return rc;
    if ((w->flags & WALK_FOLDER) && rc == 0 && !S_ISDIR(w->at->inode->mode))
        return -ENOTDIR;
    return 0;
}

int vfs_walk(struct task *t, struct dentry *start, const char *path, unsigned flags,
             struct walk *out)
{
    out->dentry = NULL;
    out->last_size = 0;
    out->trailing_slash = false;
    if (!*path && !(flags & WALK_EMPTY))
        return -ENOENT;
    struct walker w = {.t = t, .rest = path, .flags = flags, .out = out};
    w.at = dentry_get(*path == '/' ? t->process->root : start);
    while (*w.rest == '/')
        w.rest++;
    int rc = walk_all(&w);
    kfree(w.link_text);
    if (rc) {
        dentry_put(w.at);
        return rc;
    }
    out->dentry = w.at;
    return 0;
}

int vfs_find(struct task *t, int at, const char *path, unsigned flags, struct dentry **out)
{
    auto_walk w = {0};
    auto_dentry start = NULL;
    int rc = vfs_start(t, at, path, flags, &start);
    if (!rc)
        rc = vfs_walk(t, start, path, flags, &w);
    if (rc)
        return rc;
    *out = w.dentry;
    w.dentry = NULL;
    return 0;
}
