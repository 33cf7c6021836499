/* SPDX-License-Identifier: Apache-2.0
 * tree.c: see tree.h. */
#include "mkroot/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "rootfs/erofs.h"
#include "rootfs/rootfs.h"

enum { MAX_ENTRIES = 1000 * 1000, FIRST_BUCKET_BITS = 12 };
#define MAX_SIZE (1ull << 44) /* what 2^32 blocks of 4 KiB hold */

static int root_make(struct tree *t, struct err *e)
{
    struct tree_inode *inode = arena_alloc(&t->arena, sizeof *inode);
    t->root = arena_alloc(&t->arena, sizeof *t->root + 1);
    if (!inode || !t->root)
        return fail(e, -ENOMEM, "out of memory");
    inode->mode = S_IFDIR | 0755;
    inode->node = t->root;
    t->root->inode = inode;
    return 0;
}

int tree_init(struct tree *t, const struct tree_limits *limits, struct err *e)
{
    *t = (struct tree){.bucket_bits = FIRST_BUCKET_BITS, .limits = *limits};
    if (t->limits.max_entries == 0)
        t->limits.max_entries = MAX_ENTRIES;
    if (t->limits.max_size == 0)
        t->limits.max_size = MAX_SIZE;
    t->buckets = calloc((size_t)1 << FIRST_BUCKET_BITS, sizeof(struct tree_node *));
    if (!t->buckets)
        return fail(e, -ENOMEM, "out of memory");
    return root_make(t, e);
}

void tree_fini(struct tree *t)
{
    free(t->buckets);
    arena_fini(&t->arena);
    *t = (struct tree){0};
}

void tree_next_layer(struct tree *t)
{
    t->layer++;
}

static int entry_check(const struct tree *t, const struct tree_entry *entry, struct err *e)
{
    if (erofs_type_of_mode(entry->mode) == 0)
        return fail(e, -EINVAL, "mode %o names no file type", entry->mode);
    if (entry->mtime_ns >= 1000000000)
        return fail(e, -EINVAL, "a time with %u nanoseconds", entry->mtime_ns);
    if (S_ISLNK(entry->mode) && (entry->target.size == 0 || entry->target.size > ROOTFS_LINK_MAX ||
                                 memchr(entry->target.data, 0, entry->target.size)))
        return fail(e, -EINVAL, "a symbolic link whose target has %zu bytes; 1 to %d are possible",
                    entry->target.size, ROOTFS_LINK_MAX);
    if (S_ISREG(entry->mode) && entry->size > t->limits.max_size - t->size)
        return fail(e, -E2BIG, "the files together are larger than the %llu bytes that are allowed",
                    (unsigned long long)t->limits.max_size);
    return 0;
}

static int inode_fill(struct tree *t, struct tree_inode *i, const struct tree_entry *entry,
                      struct err *e)
{
    i->mode = entry->mode & (S_IFMT | 07777);
    i->uid = entry->uid;
    i->gid = entry->gid;
    i->mtime_s = entry->mtime_s;
    i->mtime_ns = entry->mtime_ns;
    i->xattrs = entry->xattrs;
    if (S_ISREG(i->mode)) {
        i->size = entry->size;
        t->size += entry->size;
    } else if (S_ISLNK(i->mode)) {
        i->size = entry->target.size;
        i->target = arena_copy(&t->arena, entry->target.data, entry->target.size);
        if (!i->target)
            return fail(e, -ENOMEM, "out of memory");
    } else if (S_ISCHR(i->mode) || S_ISBLK(i->mode)) {
        i->device = entry->device;
    }
    return 0;
}

static const char *shown(struct span path, char out[PATH_MAX])
{
    size_t size = path.size < 160 ? path.size : 160; /* leaves room for the reason */
    if (size)
        memcpy(out, path.data, size);
    for (size_t i = 0; i < size; i++) /* control characters would play with the terminal */
        if ((unsigned char)out[i] < 32 || out[i] == 127)
            out[i] = '?';
    out[size] = 0;
    return out;
}

static int said(int rc, struct span path, struct err *e)
{
    char text[PATH_MAX];
    return rc ? fail_at(e, rc, "%s", shown(path, text)) : 0;
}

/* Puts an inode at a path, in place of what is there. */
static int place(struct tree *t, struct span path, struct tree_inode *inode, struct err *e)
{
    struct tree_node *dir;
    struct span name;
    int rc = tree_resolve(t, path, true, &dir, &name, e);
    if (rc)
        return rc;
    if (name.size == 0)
        return fail(e, -EINVAL, "the root must be a directory");
    struct tree_node *old = tree_child(t, dir, name);
    if (old && old->inode == inode)
        return 0; /* a link to itself */
    if (old)
        tree_unlink(t, old);
    struct tree_node *n;
    return tree_insert(t, dir, name, inode, &n, e);
}

/* The directory that is there already, or NULL. */
static int find_dir(struct tree *t, struct span path, struct tree_node **out, struct err *e)
{
    struct tree_node *dir;
    struct span name;
    int rc = tree_resolve(t, path, false, &dir, &name, e);
    *out = NULL;
    if (rc || !dir)
        return rc;
    struct tree_node *n = name.size ? tree_child(t, dir, name) : dir;
    if (n && S_ISDIR(n->inode->mode))
        *out = n;
    return 0;
}

static int add(struct tree *t, const struct tree_entry *entry, struct tree_inode **out,
               struct err *e)
{
    int rc = entry_check(t, entry, e);
    struct tree_node *dir = NULL;
    if (rc == 0 && S_ISDIR(entry->mode))
        rc = find_dir(t, entry->path, &dir, e);
    if (rc)
        return rc;
    if (dir) {
        dir->layer = t->layer;
        *out = dir->inode;
        return inode_fill(t, dir->inode, entry, e);
    }
    struct tree_inode *inode = arena_alloc(&t->arena, sizeof *inode);
    if (!inode)
        return fail(e, -ENOMEM, "out of memory");
    *out = inode;
    rc = inode_fill(t, inode, entry, e);
    return rc ? rc : place(t, entry->path, inode, e);
}

int tree_add(struct tree *t, const struct tree_entry *entry, struct tree_inode **out, struct err *e)
{
    return said(add(t, entry, out, e), entry->path, e);
}

int tree_link_inode(struct tree *t, struct span path, struct tree_inode *inode, struct err *e)
{
    return said(place(t, path, inode, e), path, e);
}

int tree_link(struct tree *t, struct span path, struct span target, struct err *e)
{
    struct tree_node *dir;
    struct span name;
    int rc = tree_resolve(t, target, false, &dir, &name, e);
    if (rc)
        return said(rc, target, e);
    struct tree_node *n = dir && name.size ? tree_child(t, dir, name) : NULL;
    char text[PATH_MAX];
    if (!n && name.size)
        return said(fail(e, -ENOENT, "a link to %s, which does not exist", shown(target, text)),
                    path, e);
    if (!n || S_ISDIR(n->inode->mode))
        return said(fail(e, -EPERM, "a hard link to a directory"), path, e);
    return tree_link_inode(t, path, n->inode, e);
}

/* Removes what is below `top` and older than this layer; directories that this layer added or put
 * something into stay with what is new in them.  Goes over the tree in order, without recursion. */
static void clear_below(struct tree *t, struct tree_node *top)
{
    struct tree_node *at = top->inode->first;
    while (at) {
        struct tree_node *parent = at->parent;
        struct tree_node *next = at->next;
        if (at->layer != t->layer) {
            tree_unlink(t, at);
        } else if (at->inode->first) {
            at = at->inode->first;
            continue;
        }
        while (!next && parent != top) {
            next = parent->next;
            parent = parent->parent;
        }
        at = next;
    }
}

int tree_remove(struct tree *t, struct span path, struct err *e)
{
    struct tree_node *dir;
    struct span name;
    int rc = tree_resolve(t, path, false, &dir, &name, e);
    if (rc == -ENOTDIR)
        return 0; /* then there is nothing of that name */
    if (rc)
        return said(rc, path, e);
    if (name.size == 0)
        return said(fail(e, -EINVAL, "the root cannot be removed"), path, e);
    struct tree_node *n = dir ? tree_child(t, dir, name) : NULL;
    if (n && n->layer == t->layer)
        clear_below(t, n);
    else if (n)
        tree_unlink(t, n);
    return 0;
}

int tree_clear(struct tree *t, struct span path, struct err *e)
{
    struct tree_node *dir;
    int rc = find_dir(t, path, &dir, e);
    if (rc == -ENOTDIR)
        return 0;
    if (rc == 0 && dir)
        clear_below(t, dir);
    return said(rc, path, e);
}
