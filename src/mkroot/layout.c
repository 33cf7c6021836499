/* SPDX-License-Identifier: Apache-2.0
 * layout.c: see layout.h. */
#include "mkroot/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "rootfs/erofs.h"

enum {
    META_START = EROFS_SUPER_AT + EROFS_SUPER_SIZE,
    OPEN_BLOCKS = 32, /* blocks of inodes that still take smaller ones */
};

struct packer {
    struct layout *layout;
    struct tree_inode **last;   /* where the next inode is linked in */
    uint64_t open[OPEN_BLOCKS]; /* ends of what stands in them: byte offsets; 0: none */
    uint32_t turn;
};

static int name_compare(const struct tree_node *a, const struct tree_node *b)
{
    return erofs_name_compare(span_of(a->name, a->name_size), span_of(b->name, b->name_size));
}

static struct tree_node *merge(struct tree_node *a, struct tree_node *b)
{
    struct tree_node *first = NULL;
    struct tree_node **at = &first;
    while (a && b) {
        struct tree_node **smaller = name_compare(a, b) <= 0 ? &a : &b;
        *at = *smaller;
        *smaller = (*smaller)->next;
        at = &(*at)->next;
    }
    *at = a ? a : b;
    return first;
}

/* Merge sort from the bottom: runs[i] is a sorted list of 2^i nodes. */
static void sort_children(struct tree_inode *dir)
{
    struct tree_node *runs[40] = {0};
    while (dir->first) {
        struct tree_node *run = dir->first;
        dir->first = run->next;
        run->next = NULL;
        size_t i = 0;
        for (; runs[i]; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    struct tree_node *all = NULL;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
        all = merge(runs[i], all);
    dir->first = all;
    struct tree_node **link = &dir->first;
    for (struct tree_node *n = all; n; n = n->next) {
        n->link = link;
        link = &n->next;
    }
}

struct dir_walk dir_walk_over(const struct tree_node *dir)
{
    return (struct dir_walk){.dir = dir, .next = dir->inode->first};
}

bool dir_walk_next(struct dir_walk *w, struct span *name, const struct tree_inode **inode)
{
    static const char *const dots[] = {".", ".."};
    struct span dot = w->dots < 2 ? span_text(dots[w->dots]) : span_of(NULL, 0);
    struct span own = w->next ? span_of(w->next->name, w->next->name_size) : span_of(NULL, 0);
    if (dot.size && (!own.size || erofs_name_compare(dot, own) < 0)) {
        const struct tree_node *up = w->dots && w->dir->parent ? w->dir->parent : w->dir;
        *name = dot;
        *inode = up->inode;
        w->dots++;
        return true;
    }
    if (!own.size)
        return false;
    *name = own;
    *inode = w->next->inode;
    w->next = w->next->next;
    return true;
}

/* Sorts a directory and finds its size and link count. */
static void measure_dir(struct tree_node *dir)
{
    struct tree_inode *i = dir->inode;
    sort_children(i);
    uint64_t blocks = 0;
    size_t used = 0;
    i->nlink = 0; /* ".", its name, and the ".." of each directory in it: one entry each */
    struct dir_walk w = dir_walk_over(dir);
    struct span name;
    const struct tree_inode *child;
    while (dir_walk_next(&w, &name, &child)) {
        size_t needed = EROFS_DIRENT_SIZE + name.size;
        if (used + needed > EROFS_BLOCK_SIZE) {
            blocks++;
            used = 0;
        }
        used += needed;
        i->nlink += S_ISDIR(child->mode) != 0;
    }
    i->size = blocks * EROFS_BLOCK_SIZE + used;
}

static void append(struct packer *p, struct tree_inode *i)
{
    i->is_placed = true;
    i->number = ++p->layout->inodes;
    *p->last = i;
    p->last = &i->next_placed;
    for (uint32_t k = 0; i->xattrs && k < i->xattrs->count; k++)
        i->xattrs->items[k]->uses++;
}

static bool is_dir(const struct tree_node *n)
{
    return S_ISDIR(n->inode->mode);
}

static void append_children(struct packer *p, const struct tree_node *dir)
{
    for (struct tree_node *n = dir->inode->first; n; n = n->next) {
        if (n->inode->is_placed)
            continue; /* a hard link */
        if (is_dir(n))
            measure_dir(n);
        append(p, n->inode);
    }
}

static struct tree_node *first_dir(struct tree_node *n)
{
    while (n && !is_dir(n))
        n = n->next;
    return n;
}

/* Lists all inodes in tree order, without recursion: no tree is too deep. */
static void list_inodes(struct packer *p, struct tree *t)
{
    measure_dir(t->root);
    append(p, t->root->inode);
    struct tree_node *dir = t->root;
    while (dir) {
        append_children(p, dir);
        struct tree_node *next = first_dir(dir->inode->first);
        for (; !next && dir->parent; dir = dir->parent) /* up, to a directory beside */
            next = first_dir(dir->next);
        dir = next;
    }
}

static bool is_content(const struct tree_inode *i)
{
    return S_ISREG(i->mode) || S_ISDIR(i->mode) || S_ISLNK(i->mode);
}

uint64_t layout_block_count(const struct tree_inode *i)
{
    if (!is_content(i))
        return 0;
    return i->is_inline ? i->size / EROFS_BLOCK_SIZE
                        : (i->size + EROFS_BLOCK_SIZE - 1) / EROFS_BLOCK_SIZE;
}

uint64_t layout_tail_size(const struct tree_inode *i)
{
    return is_content(i) && i->is_inline ? i->size % EROFS_BLOCK_SIZE : 0;
}

/* The place for `size` bytes that must not cross a block: in the open block that they fill best,
 * or in a new one. */
static uint64_t pack(struct packer *p, uint64_t size)
{
    uint64_t *best = NULL;
    for (uint32_t i = 0; i < OPEN_BLOCKS; i++) {
        uint64_t *end = &p->open[i];
        uint64_t used = *end % EROFS_BLOCK_SIZE;
        if (used == 0 || size > EROFS_BLOCK_SIZE - used)
            continue;
        if (!best || used > *best % EROFS_BLOCK_SIZE ||
            (used == *best % EROFS_BLOCK_SIZE && *end < *best))
            best = end;
    }
    if (!best) {
        best = &p->open[p->turn++ % OPEN_BLOCKS];
        *best = (p->layout->meta_size + EROFS_BLOCK_SIZE - 1) / EROFS_BLOCK_SIZE * EROFS_BLOCK_SIZE;
    }
    uint64_t at = *best;
    *best = (at + size + EROFS_SLOT_SIZE - 1) / EROFS_SLOT_SIZE * EROFS_SLOT_SIZE;
    if (at + size > p->layout->meta_size)
        p->layout->meta_size = at + size;
    return at;
}

static void place_inode(struct packer *p, struct tree_inode *i)
{
    uint64_t fixed = EROFS_EXTENDED_SIZE + xattr_body_size(i->xattrs);
    uint64_t tail = is_content(i) ? i->size % EROFS_BLOCK_SIZE : 0;
    i->is_inline = tail > 0 && fixed + tail <= EROFS_BLOCK_SIZE;
    uint64_t size = fixed + (i->is_inline ? tail : 0);
    i->nid = pack(p, size) / EROFS_SLOT_SIZE;
}

static int compare_shared(const void *a, const void *b)
{
    return xattr_compare(*(struct xattr *const *)a, *(struct xattr *const *)b);
}

/* Gives each attribute that several inodes have its place in the shared area. */
static int share_xattrs(struct layout *l, struct tree *t, struct err *e)
{
    l->shared = calloc(t->xattrs.count + 1u, sizeof(struct xattr *));
    if (!l->shared)
        return fail(e, -ENOMEM, "out of memory");
    for (size_t i = 0; i < sizeof t->xattrs.buckets / sizeof t->xattrs.buckets[0]; i++)
        for (struct xattr *x = t->xattrs.buckets[i]; x; x = x->hash_next)
            if (xattr_is_shared(x))
                l->shared[l->shared_count++] = x;
    qsort(l->shared, l->shared_count, sizeof(struct xattr *), compare_shared);
    for (uint32_t i = 0; i < l->shared_count; i++) {
        l->shared[i]->id = (uint32_t)(l->xattr_size / 4);
        l->xattr_size += xattr_entry_size(l->shared[i]);
    }
    return 0;
}

static uint64_t blocks_of(uint64_t size)
{
    return (size + EROFS_BLOCK_SIZE - 1) / EROFS_BLOCK_SIZE;
}

static int place_data(struct layout *l, bool directories, struct err *e)
{
    for (struct tree_inode *i = l->first; i; i = i->next_placed) {
        uint64_t blocks = layout_block_count(i);
        if (blocks == 0 || (S_ISDIR(i->mode) != 0) != directories)
            continue;
        if (blocks > UINT32_MAX - l->blocks)
            return fail(e, -EFBIG, "the image would be larger than 16 TiB");
        i->block = (uint32_t)l->blocks;
        l->blocks += blocks;
    }
    return 0;
}

int layout_make(struct layout *l, struct tree *t, struct err *e)
{
    *l = (struct layout){.meta_size = META_START};
    struct packer p = {.layout = l, .last = &l->first, .open = {META_START}, .turn = 1};
    list_inodes(&p, t);
    int rc = share_xattrs(l, t, e);
    if (rc)
        return rc;
    for (struct tree_inode *i = l->first; i; i = i->next_placed)
        place_inode(&p, i);
    l->xattr_block = (uint32_t)blocks_of(l->meta_size);
    l->blocks = l->xattr_block + blocks_of(l->xattr_size);
    rc = place_data(l, true, e);
    return rc ? rc : place_data(l, false, e);
}

void layout_fini(struct layout *l)
{
    for (struct tree_inode *i = l->first, *next; i; i = next) { /* so that it can be made again */
        next = i->next_placed;
        i->next_placed = NULL;
        i->is_placed = false;
        for (uint32_t k = 0; i->xattrs && k < i->xattrs->count; k++)
            i->xattrs->items[k]->uses = 0;
    }
    free(l->shared);
    *l = (struct layout){0};
}
