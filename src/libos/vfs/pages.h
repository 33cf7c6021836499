/* SPDX-License-Identifier: Apache-2.0
 * pages.h: a sparse array of pages, the content of a file.  A slot holds 0, or the address of a
 * kernel page, or (shared mappings) that of a page of the application, with PAGE_USER added;
 * PAGE_DIRTY when it differs from what lies below. */
#ifndef CELLA_LIBOS_VFS_PAGES_H
#define CELLA_LIBOS_VFS_PAGES_H

#include <stdint.h>

#include "base/err.h"

enum { PAGE_USER = 1, PAGE_DIRTY = 2, PAGE_TAGS = 4095 };

struct page_node;

struct page_tree {
    struct page_node *root;
    unsigned height; /* levels; covers 64^height pages */
    uint64_t count;  /* slots in use */
};

/* The slot's value, 0 when empty. */
uint64_t pages_get(const struct page_tree *t, uint64_t index);
int pages_set(struct page_tree *t, uint64_t index, uint64_t value) MUST_USE;
/* Calls drop(value) for every slot from `index` on, and empties it. */
void pages_cut(struct page_tree *t, uint64_t index, void (*drop)(uint64_t value));

#endif
