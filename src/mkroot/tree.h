/* SPDX-License-Identifier: Apache-2.0
 * tree.h: a file system tree of metadata in memory, as layers of an image or a directory fill it.
 *
 * Names are resolved inside the tree only: links in the middle of a path are followed with the
 * tree's own root as "/", so nothing that an archive says can lead out of it. */
#ifndef CELLA_MKROOT_TREE_H
#define CELLA_MKROOT_TREE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "mkroot/arena.h"
#include "mkroot/xattrs.h"

struct tree_node;

enum tree_data {
    TREE_NO_DATA, /* nothing but zeros */
    TREE_SPOOLED, /* `data_at` is an offset in the spool file */
    TREE_ON_DISK, /* in the scanned directory, at the path of `node` */
};

struct tree_inode {
    uint64_t size; /* regular files; links: of the target; directories: set by layout */
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t mode; /* type and permissions */
    uint32_t uid;
    uint32_t gid;
    uint32_t nlink;                 /* names; directories: set by layout */
    uint32_t device;                /* as erofs_device() */
    const struct xattr_set *xattrs; /* NULL: none */
    const char *target;             /* symbolic links, `size` bytes */
    struct tree_node *node;         /* one of its names */
    struct tree_node *first;        /* directories: the children, in no order before layout */
    enum tree_data data;
    bool is_placed; /* by layout, as the rest of this struct */
    bool is_inline;
    uint32_t number; /* 1, 2, … in the order of the image */
    uint32_t block;  /* first data block */
    uint64_t data_at;
    uint64_t nid;
    struct tree_inode *next_placed;
};

struct tree_node {            /* a name */
    struct tree_node *parent; /* the root's is NULL */
    struct tree_node *next;
    struct tree_node **link; /* what points to it in the parent's list */
    struct tree_node *hash_next;
    struct tree_inode *inode;
    uint32_t hash;
    uint16_t layer; /* the last one that added it or put something below it */
    uint8_t name_size;
    char name[]; /* and a zero byte */
};

struct tree_limits {
    uint64_t max_entries; /* names ever added; 0: a million */
    uint64_t max_size;    /* bytes of all regular files together; 0: 2^44 */
};

struct tree {
    struct arena arena;
    struct xattrs xattrs;
    struct tree_limits limits;
    struct tree_node *root;
    struct tree_node **buckets;
    uint32_t bucket_bits;
    uint64_t names; /* alive */
    uint64_t added;
    uint64_t size; /* of all files that were added */
    uint16_t layer;
};

/* What stat(2) knows.  Spans and pointers are copied. */
struct tree_entry {
    struct span path; /* "/" and "./" in front and "/" behind are ignored; empty is the root */
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint64_t size;      /* regular files */
    uint32_t device;    /* as erofs_device() */
    struct span target; /* symbolic links */
    const struct xattr_set *xattrs;
};

int tree_init(struct tree *t, const struct tree_limits *limits, struct err *e) MUST_USE;
void tree_fini(struct tree *t);

/* What follows belongs to the next layer: tree_remove() and tree_clear() spare what its own layer
 * added. */
void tree_next_layer(struct tree *t);

/* Adds an entry or takes the place of the one that is there; a directory over a directory keeps the
 * children.  Missing parents become directories of root with mode 0755 and time 0.  -EINVAL for a
 * path or entry that cannot be, -ENAMETOOLONG, -ENOTDIR, -ELOOP, -E2BIG for a limit, -ENOMEM. */
int tree_add(struct tree *t, const struct tree_entry *entry, struct tree_inode **out,
             struct err *e) MUST_USE;
/* A further name for what stands at `target`; -ENOENT, -EPERM for a directory. */
int tree_link(struct tree *t, struct span path, struct span target, struct err *e) MUST_USE;
/* As tree_link(), for an inode already at hand. */
int tree_link_inode(struct tree *t, struct span path, struct tree_inode *inode,
                    struct err *e) MUST_USE;
/* Removes what lower layers put at `path` (a whiteout), or below it (an opaque directory). */
int tree_remove(struct tree *t, struct span path, struct err *e) MUST_USE;
int tree_clear(struct tree *t, struct span path, struct err *e) MUST_USE;

/* Writes "/a/b" with a zero byte; -ENAMETOOLONG when it does not fit. */
int tree_path(const struct tree_node *n, char *out, size_t size) MUST_USE;

/* tree_names.c, for tree.c */
struct tree_node *tree_child(const struct tree *t, const struct tree_node *dir, struct span name);
int tree_insert(struct tree *t, struct tree_node *dir, struct span name, struct tree_inode *inode,
                struct tree_node **out, struct err *e) MUST_USE;
/* With everything below it. */
void tree_unlink(struct tree *t, struct tree_node *n);
/* Finds the directory and the last component of a path.  `create`: missing directories are made,
 * otherwise *dir is NULL when one is missing.  *name borrows from `path`; it is empty for the root.
 */
int tree_resolve(struct tree *t, struct span path, bool create, struct tree_node **dir,
                 struct span *name, struct err *e) MUST_USE;

#endif
