/* SPDX-License-Identifier: Apache-2.0
 * xattrs.h: the extended attributes of a tree, each pair of name and value kept once. */
#ifndef CELLA_MKROOT_XATTRS_H
#define CELLA_MKROOT_XATTRS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "mkroot/arena.h"

struct xattr {
    struct xattr *hash_next;
    struct span name; /* without its namespace */
    struct span value;
    uint32_t hash;
    uint32_t uses; /* by inodes of the image; set by layout */
    uint32_t id;   /* where it stands in the shared area, in units of 4 bytes */
    uint8_t space; /* enum erofs_namespace */
};

/* Sorted by namespace and name. */
struct xattr_set {
    uint32_t count;
    struct xattr *items[];
};

struct xattrs {
    struct xattr *buckets[1024];
    uint32_t count;
};

/* Collects the attributes of one inode; zero-initialise. */
struct xattr_list {
    struct xattr *items[128];
    uint32_t count;
};

/* Adds one by its full name; one of the same name is replaced.  Names of namespaces that EROFS does
 * not know are refused with -EOPNOTSUPP, too long names and values with -E2BIG. */
int xattr_list_add(struct xattr_list *l, struct xattrs *all, struct arena *a, struct span name,
                   struct span value, struct err *e) MUST_USE;
/* *out is NULL for an empty list. */
int xattr_list_finish(const struct xattr_list *l, struct arena *a, const struct xattr_set **out,
                      struct err *e) MUST_USE;

/* Bytes of the entry for one pair, padded to 4. */
size_t xattr_entry_size(const struct xattr *x);
/* Orders by namespace, name and value. */
int xattr_compare(const struct xattr *a, const struct xattr *b);
/* True when the pair stands in the shared area. */
bool xattr_is_shared(const struct xattr *x);
/* Bytes behind the inode for its attributes; 0 without any. */
size_t xattr_body_size(const struct xattr_set *set);
/* Writes that body, or one entry; both of the size above. */
void xattr_body_write(const struct xattr_set *set, uint8_t *out);
void xattr_entry_write(const struct xattr *x, uint8_t *out);

#endif
