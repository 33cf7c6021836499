/* SPDX-License-Identifier: Apache-2.0
 * pages.c: a radix tree, 64 slots a node; see pages.h. */
#include "libos/vfs/pages.h"

#include <asm/errno.h>
#include <stddef.h>

#include "libos/lib/alloc.h"

enum { BITS = 6, SLOTS = 1 << BITS };

struct page_node {
    union {
        struct page_node *child;
        uint64_t value;
    } slot[SLOTS];
};

static uint64_t tree_room(unsigned height)
{
    return height * BITS >= 64 ? UINT64_MAX : (uint64_t)1 << (height * BITS);
}

static unsigned slot_of(uint64_t index, unsigned level)
{
    return (unsigned)(index >> (level * BITS)) & (SLOTS - 1);
}

uint64_t pages_get(const struct page_tree *t, uint64_t index)
{
    if (!t->root || index >= tree_room(t->height))
        return 0;
    const struct page_node *node = t->root;
    for (unsigned level = t->height - 1; level > 0 && node; level--)
        node = node->slot[slot_of(index, level)].child;
    return node ? node->slot[slot_of(index, 0)].value : 0;
}

/* Adds levels until `index` fits. */
static int tree_grow(struct page_tree *t, uint64_t index)
{
    while (!t->root || index >= tree_room(t->height)) {
        struct page_node *top = kalloc(sizeof *top);
        if (!top)
            return -ENOMEM;
        top->slot[0].child = t->root;
        t->root = top;
        t->height++;
    }
    return 0;
}

int pages_set(struct page_tree *t, uint64_t index, uint64_t value)
{
    int rc = tree_grow(t, index);
    if (rc)
        return rc;
    struct page_node *node = t->root;
    for (unsigned level = t->height - 1; level > 0; level--) {
        struct page_node **child = &node->slot[slot_of(index, level)].child;
        if (!*child)
            *child = kalloc(sizeof **child);
        if (!*child)
            return -ENOMEM;
        node = *child;
    }
    uint64_t *slot = &node->slot[slot_of(index, 0)].value;
    if (!*slot && value)
        t->count++;
    else if (*slot && !value)
        t->count--;
    *slot = value;
    return 0;
}

/* Empties what lies at or above `index` (relative to the node); true when the node is empty and
 * gone. */
static bool node_cut(struct page_tree *t, struct page_node *node, unsigned level, uint64_t index,
                     void (*drop)(uint64_t))
{
    unsigned first = slot_of(index, level);
    uint64_t rest = level ? index & (tree_room(level) - 1) : 0;
    for (unsigned n = first; n < SLOTS; n++) {
        uint64_t from = n == first ? rest : 0;
        if (level && node->slot[n].child) {
            if (node_cut(t, node->slot[n].child, level - 1, from, drop))
                node->slot[n].child = NULL;
        } else if (!level && node->slot[n].value) {
            drop(node->slot[n].value);
            node->slot[n].value = 0;
            t->count--;
        }
    }
    if (index)
        return false;
    kfree(node);
    return true;
}

void pages_cut(struct page_tree *t, uint64_t index, void (*drop)(uint64_t value))
{
    if (!t->root || index >= tree_room(t->height))
        return;
    if (node_cut(t, t->root, t->height - 1, index, drop)) {
        t->root = NULL;
        t->height = 0;
    }
}
