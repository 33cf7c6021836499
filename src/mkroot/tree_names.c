/* SPDX-License-Identifier: Apache-2.0
 * tree_names.c: names of a tree: the hash table over all of them, and paths. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mkroot/tree.h"
#include "rootfs/erofs.h"

enum { LINKS_MAX = 40 }; /* followed in one path, as Linux does */

static uint32_t hash_name(const struct tree_node *dir, struct span name)
{
    uint64_t hash = (uint64_t)(uintptr_t)dir * 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ name.data[i]) * 0x100000001B3u;
    return (uint32_t)(hash ^ hash >> 32);
}

static struct span node_name(const struct tree_node *n)
{
    return span_of(n->name, n->name_size);
}

struct tree_node *tree_child(const struct tree *t, const struct tree_node *dir, struct span name)
{
    uint32_t hash = hash_name(dir, name);
    struct tree_node *n = t->buckets[hash >> (32 - t->bucket_bits)];
    while (n && (n->hash != hash || n->parent != dir || !span_equal(node_name(n), name)))
        n = n->hash_next;
    return n;
}

static int table_grow(struct tree *t)
{
    if (t->names < 1ull << t->bucket_bits || t->bucket_bits == 24)
        return 0;
    uint32_t bits = t->bucket_bits + 1;
    struct tree_node **bigger = calloc((size_t)1 << bits, sizeof(struct tree_node *));
    if (!bigger)
        return -ENOMEM;
    for (size_t i = 0; i < (size_t)1 << t->bucket_bits; i++) {
        for (struct tree_node *n = t->buckets[i], *next; n; n = next) {
            next = n->hash_next;
            n->hash_next = bigger[n->hash >> (32 - bits)];
            bigger[n->hash >> (32 - bits)] = n;
        }
    }
    free(t->buckets);
    t->buckets = bigger;
    t->bucket_bits = bits;
    return 0;
}

int tree_insert(struct tree *t, struct tree_node *dir, struct span name, struct tree_inode *inode,
                struct tree_node **out, struct err *e)
{
    if (++t->added > t->limits.max_entries)
        return fail(e, -E2BIG, "more than the %llu names that are allowed",
                    (unsigned long long)t->limits.max_entries);
    struct tree_node *n = arena_alloc(&t->arena, sizeof *n + name.size + 1);
    if (!n || table_grow(t))
        return fail(e, -ENOMEM, "out of memory");
    n->parent = dir;
    n->inode = inode;
    n->layer = t->layer;
    n->name_size = (uint8_t)name.size;
    memcpy(n->name, name.data, name.size);
    n->hash = hash_name(dir, name);
    n->hash_next = t->buckets[n->hash >> (32 - t->bucket_bits)];
    t->buckets[n->hash >> (32 - t->bucket_bits)] = n;
    n->next = dir->inode->first;
    if (n->next)
        n->next->link = &n->next;
    n->link = &dir->inode->first;
    dir->inode->first = n;
    for (struct tree_node *up = dir; up && up->layer != t->layer; up = up->parent)
        up->layer = t->layer;
    inode->node = n;
    inode->nlink++;
    t->names++;
    *out = n;
    return 0;
}

static void unlink_one(struct tree *t, struct tree_node *n)
{
    struct tree_node **at = &t->buckets[n->hash >> (32 - t->bucket_bits)];
    while (*at != n)
        at = &(*at)->hash_next;
    *at = n->hash_next;
    *n->link = n->next;
    if (n->next)
        n->next->link = n->link;
    n->inode->nlink--;
    t->names--;
}

void tree_unlink(struct tree *t, struct tree_node *n)
{
    struct tree_node *at = n;
    for (;;) { /* always the deepest first, without recursion: archives may be deep */
        while (at->inode->first)
            at = at->inode->first;
        struct tree_node *parent = at->parent;
        unlink_one(t, at);
        if (at == n)
            return;
        at = parent;
    }
}

/* A path that is being walked: what is left of it, with the targets of links put in front. */
struct walk {
    struct tree *t;
    struct tree_node *dir;
    char text[2 * PATH_MAX];
    size_t size;
    size_t at;
    int links;
};

static struct span next_component(struct walk *w)
{
    while (w->at < w->size && w->text[w->at] == '/')
        w->at++;
    size_t start = w->at;
    while (w->at < w->size && w->text[w->at] != '/')
        w->at++;
    return span_of(w->text + start, w->at - start);
}

static int follow(struct walk *w, const struct tree_inode *link, struct err *e)
{
    size_t rest = w->size - w->at;
    if (++w->links > LINKS_MAX)
        return fail(e, -ELOOP, "more than %d symbolic links in one path", LINKS_MAX);
    if (link->size + 1 + rest > sizeof w->text)
        return fail(e, -ENAMETOOLONG, "a path that becomes too long by symbolic links");
    memmove(w->text + link->size + 1, w->text + w->at, rest);
    memcpy(w->text, link->target, link->size);
    w->text[link->size] = '/';
    w->size = link->size + 1 + rest;
    w->at = 0;
    if (link->target[0] == '/')
        w->dir = w->t->root;
    return 0;
}

static int make_parent(struct walk *w, struct span name, struct err *e)
{
    struct tree_inode *inode = arena_alloc(&w->t->arena, sizeof *inode);
    if (!inode)
        return fail(e, -ENOMEM, "out of memory");
    inode->mode = S_IFDIR | 0755;
    return tree_insert(w->t, w->dir, name, inode, &w->dir, e);
}

/* Walks one step down.  1 when there is nothing and nothing shall be made. */
static int step(struct walk *w, struct span name, bool create, struct err *e)
{
    if (name.size == 1 && name.data[0] == '.')
        return 0;
    if (name.size == 2 && memcmp(name.data, "..", 2) == 0) { /* only links bring these in */
        w->dir = w->dir->parent ? w->dir->parent : w->dir;
        return 0;
    }
    if (name.size > EROFS_NAME_MAX)
        return fail(e, -ENAMETOOLONG, "a name of %zu bytes, at most 255 are possible", name.size);
    struct tree_node *n = tree_child(w->t, w->dir, name);
    if (!n)
        return create ? make_parent(w, name, e) : 1;
    if (S_ISLNK(n->inode->mode))
        return follow(w, n->inode, e);
    if (!S_ISDIR(n->inode->mode))
        return fail(e, -ENOTDIR, "%.*s in it is not a directory", (int)name.size,
                    (const char *)name.data);
    w->dir = n;
    return 0;
}

/* Refuses what no path of an entry may have, and cuts off slashes at both ends. */
static int check_path(struct span *path, struct err *e)
{
    if (path->size >= PATH_MAX)
        return fail(e, -ENAMETOOLONG, "a path of %zu bytes, at most %d are possible", path->size,
                    PATH_MAX - 1);
    if (memchr(path->data ? path->data : (const uint8_t *)"", 0, path->size))
        return fail(e, -EINVAL, "a path with a zero byte in it");
    while (path->size > 0 && path->data[path->size - 1] == '/')
        path->size--;
    size_t start = 0;
    for (size_t i = 0; i <= path->size; i++) {
        if (i < path->size && path->data[i] != '/')
            continue;
        if (i - start == 2 && memcmp(path->data + start, "..", 2) == 0)
            return fail(e, -EINVAL, "a path with \"..\" in it");
        start = i + 1;
    }
    return 0;
}

int tree_resolve(struct tree *t, struct span path, bool create, struct tree_node **dir,
                 struct span *name, struct err *e)
{
    int rc = check_path(&path, e);
    if (rc)
        return rc;
    size_t parents = path.size;
    while (parents > 0 && path.data[parents - 1] != '/')
        parents--;
    *name = span_of(path.data + parents, path.size - parents);
    if (name->size == 1 && name->data[0] == '.')
        *name = span_of(name->data, 0); /* "." and "a/." stand for the directory itself */
    if (name->size == 0 && parents > 0)
        return tree_resolve(t, span_of(path.data, parents), create, dir, name, e);
    if (name->size > EROFS_NAME_MAX)
        return fail(e, -ENAMETOOLONG, "a name of %zu bytes, at most 255 are possible", name->size);
    struct walk w = {.t = t, .dir = t->root, .size = parents};
    if (parents)
        memcpy(w.text, path.data, parents);
    for (struct span part; rc == 0 && (part = next_component(&w)).size > 0;)
        rc = step(&w, part, create, e);
    *dir = rc == 1 ? NULL : w.dir;
    return rc == 1 ? 0 : rc;
}

int tree_path(const struct tree_node *n, char *out, size_t size)
{
    size_t needed = n->parent ? 0 : 1;
    for (const struct tree_node *at = n; at->parent; at = at->parent)
        needed += at->name_size + 1u;
    if (needed + 1 > size)
        return -ENAMETOOLONG;
    out[needed] = 0;
    if (!n->parent)
        out[0] = '/';
    for (const struct tree_node *at = n; at->parent; at = at->parent) {
        needed -= at->name_size;
        memcpy(out + needed, at->name, at->name_size);
        out[--needed] = '/';
    }
    return 0;
}
