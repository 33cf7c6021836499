/* SPDX-License-Identifier: Apache-2.0
 * dentry.c: the tree of names; see vfs.h. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/vfs/vfs.h"

enum { HASH_SIZE = 1 << 14, MISSES_MAX = 20000 };

struct spinlock g_tree;
struct dentry *g_root;
static struct dentry *g_hash[HASH_SIZE]; /* guarded by g_tree */
static size_t g_misses;                  /* remembered misses; guarded by g_tree */

uint32_t name_hash(const char *name, size_t size)
{
    uint32_t h = 2166136261u;
    for (size_t n = 0; n < size; n++)
        h = (h ^ (uint8_t)name[n]) * 16777619u;
    return h;
}

static struct dentry **bucket(const struct dentry *parent, uint32_t hash)
{
    uint64_t mixed = ((uintptr_t)parent >> 5) * 0x9e3779b97f4a7c15u + hash;
    return &g_hash[(mixed ^ mixed >> 29) & (HASH_SIZE - 1)];
}

struct dentry *dentry_find(struct dentry *parent, const char *name, size_t size)
{
    uint32_t hash = name_hash(name, size);
    for (struct dentry *d = *bucket(parent, hash); d; d = d->hash_next)
        if (d->hash == hash && d->parent == parent && d->name_size == size &&
            memcmp(d->name, name, size) == 0)
            return d;
    return NULL;
}

struct dentry *dentry_get(struct dentry *d)
{
    spin_lock(&g_tree);
    d->refs++;
    spin_unlock(&g_tree);
    return d;
}

/* Needs: g_tree. */
static void unhash(struct dentry *d)
{
    struct dentry **at = bucket(d->parent, d->hash);
    while (*at != d)
        at = &(*at)->hash_next;
    *at = d->hash_next;
    list_del(&d->siblings);
    d->hashed = false;
    g_misses -= !d->inode && !d->unresolved && !d->whiteout;
}

static bool is_miss(const struct dentry *d)
{
    return !d->inode && !d->unresolved && !d->whiteout;
}

void dentry_put(struct dentry *d)
{
    while (d) {
        struct dentry *parent = NULL;
        struct inode *inode = NULL;
        spin_lock(&g_tree);
        d->refs--;
        if (d->refs == 0 && d->hashed && is_miss(d) && g_misses > MISSES_MAX)
            unhash(d);
        bool gone = d->refs == 0 && !d->hashed && list_empty(&d->children);
        if (gone) {
            parent = d->parent != d ? d->parent : NULL;
            inode = d->inode;
        }
        spin_unlock(&g_tree);
        if (!gone)
            return;
        if (inode)
            inode_put(inode);
        if (d->name != d->name_inside)
            kfree(d->name);
        kfree(d);
        d = parent;
    }
}

static struct dentry *dentry_new(const char *name, size_t size)
{
    struct dentry *d = kalloc(sizeof *d + size + 1);
    if (!d)
        return NULL;
    d->name = d->name_inside;
    d->name_room = (uint16_t)size;
    memcpy(d->name, name, size);
    d->name_size = (uint8_t)size;
    d->hash = name_hash(name, size);
    d->refs = 1;
    list_init(&d->siblings);
    list_init(&d->children);
    return d;
}

struct dentry *dentry_root(struct inode *inode)
{
    struct dentry *d = dentry_new("", 0);
    if (!d)
        return NULL;
    d->inode = inode;
    d->parent = d;
    return d;
}

/* Needs: g_tree.  A child holds its parent. */
static void dentry_insert(struct dentry *parent, struct dentry *d)
{
    d->parent = parent;
    d->parent->refs++;
    d->cookie = list_empty(&parent->children)
                    ? 2
                    : container_of(parent->children.prev, struct dentry, siblings)->cookie + 1;
    list_add(&parent->children, &d->siblings);
    struct dentry **head = bucket(parent, d->hash);
    d->hash_next = *head;
    *head = d;
    d->hashed = true;
    g_misses += is_miss(d);
}

struct dentry *dentry_add(struct dentry *parent, const char *name, size_t size, struct inode *inode)
{
    struct dentry *d = dentry_new(name, size);
    if (!d) {
        if (inode)
            inode_put(inode);
        return NULL;
    }
    d->inode = inode;
    spin_lock(&g_tree);
    dentry_insert(parent, d);
    spin_unlock(&g_tree);
    return d;
}

void dentry_fill(struct dentry *d, struct inode *inode)
{
    spin_lock(&g_tree);
    g_misses -= is_miss(d);
    d->inode = inode;
    d->unresolved = d->whiteout = false;
    spin_unlock(&g_tree);
}

static void dentry_mark_whiteout(struct dentry *d)
{
    spin_lock(&g_tree);
    g_misses -= is_miss(d);
    d->whiteout = true;
    spin_unlock(&g_tree);
}

void dentry_remove(struct dentry *d)
{
    bool below = d->parent->inode->has_lower;
    char name[NAME_SIZE_MAX];
    size_t size = d->name_size;
    struct dentry *parent = d->parent;
    memcpy(name, d->name, size);
    spin_lock(&g_tree);
    unhash(d);
    spin_unlock(&g_tree);
    if (!below)
        return;
    struct dentry *whiteout = dentry_add(parent, name, size, NULL);
    if (whiteout)
        dentry_mark_whiteout(whiteout);
    dentry_put(whiteout);
}

int dentry_lookup(struct dentry *dir, const char *name, size_t size, struct dentry **out)
{
    spin_lock(&g_tree);
    struct dentry *d = dentry_find(dir, name, size);
    if (d)
        d->refs++;
    spin_unlock(&g_tree);
    if (d && !d->unresolved) {
        *out = d;
        return 0;
    }
    const struct inode_ops *ops = dir->inode->ops;
    struct inode *inode = NULL;
    int rc = -ENOENT;
    if (ops->lookup && (d || !dir->inode->listed))
        rc = ops->lookup(dir->inode, name, size, &inode);
    if (rc && rc != -ENOENT) {
        dentry_put(d);
        return rc;
    }
    if (d) {
        dentry_fill(d, inode);
    } else {
        d = dentry_add(dir, name, size, inode);
        if (!d)
            return -ENOMEM;
        if (ops->transient) {
            spin_lock(&g_tree);
            unhash(d);
            spin_unlock(&g_tree);
        }
    }
    *out = d;
    return 0;
}

int dentry_list(struct dentry *dir)
{
    if (dir->inode->listed || !dir->inode->ops->list)
        return 0;
    int rc = dir->inode->ops->list(dir);
    if (!rc && !dir->inode->ops->transient)
        dir->inode->listed = true; /* what is transient is listed anew each time */
    return rc;
}

int vfs_mount(struct dentry *d, struct dentry *root)
{
    if (!d->inode || !S_ISDIR(d->inode->mode))
        return -ENOTDIR;
    spin_lock(&g_tree);
    d->refs++;
    root->mountpoint = d;
    d->mounted = root;
    spin_unlock(&g_tree);
    return 0;
}

static void each_mount(struct dentry *d, void (*each)(struct dentry *root, void *arg), void *arg)
{
    list_each(node, &d->children)
    {
        struct dentry *child = container_of(node, struct dentry, siblings);
        if (child->mounted) {
            each(child->mounted, arg);
            each_mount(child->mounted, each, arg);
        } else {
            each_mount(child, each, arg);
        }
    }
}

void vfs_each_mount(void (*each)(struct dentry *root, void *arg), void *arg)
{
    each(g_root, arg);
    each_mount(g_root, each, arg);
}

/* Needs: g_tree.  Puts the path in front of out[at]; returns where it begins, 0 when too long. */
static size_t path_build(struct dentry *d, const struct dentry *root, char *out, size_t at)
{
    bool any = false;
    while (d != root) {
        if (d->parent == d) {
            if (!d->mountpoint)
                break;
            d = d->mountpoint;
            continue;
        }
        if (at < (size_t)d->name_size + 2)
            return 0;
        at -= d->name_size;
        memcpy(out + at, d->name, d->name_size);
        out[--at] = '/';
        any = true;
        d = d->parent;
    }
    if (!any)
        out[--at] = '/';
    return at;
}

int64_t dentry_path(struct dentry *d, const struct dentry *root, char *out, size_t room)
{
    static const char DELETED[] = " (deleted)";
    if (room < sizeof DELETED + 2)
        return -ENAMETOOLONG;
    spin_lock(&g_tree);
    bool gone = !d->hashed && d->parent != d && !d->parent->inode->ops->transient;
    size_t tail = gone ? sizeof DELETED : 1;
    size_t at = path_build(d, root, out, room - tail);
    spin_unlock(&g_tree);
    if (!at)
        return -ENAMETOOLONG;
    memcpy(out + room - tail, gone ? DELETED : "", tail);
    memmove(out, out + at, room - at);
    return (int64_t)(room - at - 1);
}

void dentry_mark_unresolved(struct dentry *d, uint64_t ino, uint8_t type)
{
    spin_lock(&g_tree);
    g_misses -= is_miss(d);
    d->unresolved = true;
    d->list_ino = ino;
    d->list_type = type;
    spin_unlock(&g_tree);
}

int dentry_move(struct dentry *d, struct dentry *to, const char *name, size_t size)
{
    struct dentry *there = NULL;
    int rc = dentry_lookup(to, name, size, &there);
    if (rc)
        return rc;
    struct dentry *parent = d->parent;
    char *old_name = kstrndup(d->name, d->name_size);
    char *larger = size > d->name_room ? kalloc(size + 1) : d->name;
    if (!old_name || !larger) {
        kfree(old_name);
        if (larger != d->name)
            kfree(larger);
        dentry_put(there);
        return -ENOMEM;
    }
    char *spare = larger != d->name && d->name != d->name_inside ? d->name : NULL;
    size_t old_size = d->name_size;
    spin_lock(&g_tree);
    unhash(there);
    unhash(d);
    d->name = larger;
    if (size > d->name_room)
        d->name_room = (uint16_t)size;
    memcpy(d->name, name, size);
    d->name[size] = 0;
    d->name_size = (uint8_t)size;
    d->hash = name_hash(name, size);
    parent->refs--;
    dentry_insert(to, d);
    spin_unlock(&g_tree);
    dentry_put(there);
    kfree(spare);
    if (parent->inode->has_lower) {
        struct dentry *whiteout = dentry_add(parent, old_name, old_size, NULL);
        if (whiteout)
            dentry_mark_whiteout(whiteout);
        dentry_put(whiteout);
    }
    kfree(old_name);
    return 0;
}
