/* SPDX-License-Identifier: Apache-2.0
 * layout.h: decides where everything of a tree stands in the image, from metadata alone.
 *
 *   block 0          superblock at 1024, inodes behind it
 *   1 …              inodes, each with its attributes and the tail of its content, packed into
 * blocks xattr_block …    shared attributes …                directories, in tree order … blocks -
 * 1     files and long links, in tree order
 *
 * Tree order: the children of a directory in byte order, next to each other; then, for each of them
 * that is a directory, its own.  A hard link counts where it comes first.  So the image depends on
 * what the tree is, not on the order in which it was filled. */
#ifndef CELLA_MKROOT_LAYOUT_H
#define CELLA_MKROOT_LAYOUT_H

#include "mkroot/tree.h"

struct layout {
    struct tree_inode *first; /* in tree order, by next_placed */
    uint32_t inodes;
    uint64_t meta_size; /* bytes from the start of the image to the end of the last inode */
    uint32_t xattr_block;
    uint64_t xattr_size;
    struct xattr **shared; /* sorted; freed by layout_fini() */
    uint32_t shared_count;
    uint64_t blocks;
};

/* Sorts the tree's directories and fills the inodes' fields for layout.  -EFBIG when the image
 * would need 2^32 blocks or more, -ENOMEM. */
int layout_make(struct layout *l, struct tree *t, struct err *e) MUST_USE;
void layout_fini(struct layout *l);

/* Bytes of content that stand in full blocks, and behind the inode. */
uint64_t layout_block_count(const struct tree_inode *i);
uint64_t layout_tail_size(const struct tree_inode *i);

/* Walks over a sorted directory's names with "." and ".." in their places. */
struct dir_walk {
    const struct tree_node *dir;
    const struct tree_node *next;
    int dots; /* how many of the two were given */
};
struct dir_walk dir_walk_over(const struct tree_node *dir);
/* False at the end. */
bool dir_walk_next(struct dir_walk *w, struct span *name, const struct tree_inode **inode);

#endif
