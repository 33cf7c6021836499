/* SPDX-License-Identifier: Apache-2.0
 * list.h: doubly linked rings.  A head and an unlinked node point to themselves. */
#ifndef CELLA_LIBOS_LIB_LIST_H
#define CELLA_LIBOS_LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define LIST_HEAD(name) struct list name = {&(name), &(name)}
#define container_of(node, type, field) ((type *)(void *)((char *)(node)-offsetof(type, field)))
/* Walks a ring; the node at hand may be taken out. */
#define list_each(node, head)                                                         \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
         node = node##_next, node##_next = node->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_add(struct list *head, struct list *node) /* at the end */
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void list_add_first(struct list *head, struct list *node)
{
    list_add(head->next, node);
}

static inline void list_del(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#endif
