/* SPDX-License-Identifier: Apache-2.0
 * heap.c: see heap.h.  One lock over all of it. */
#include "enclave/heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "enclave/fatal.h"
#include "enclave/lock.h"
#include "gate/entry.h"

enum { ALIGN = 16, MIN_BLOCK = 32 };

struct block {
    size_t size;        /* of the whole block, header included; lowest bit: in use */
    size_t before;      /* size of the block before this one, 0 for the first */
    struct block *next; /* free blocks only, like the next */
    struct block *prev;
};

static struct lock g_lock;
static struct block *g_first; /* guarded by g_lock, like all below */
static struct block *g_end;   /* a header of size 0 in use behind the last block */
static struct block *g_free;
static size_t g_free_size;

static size_t size_of(const struct block *b)
{
    return b->size & ~(size_t)1;
}

static bool in_use(const struct block *b)
{
    return b->size & 1;
}

static struct block *at(struct block *b, size_t offset)
{
    return (struct block *)((uint8_t *)b + offset);
}

static struct block *after(struct block *b)
{
    return at(b, size_of(b));
}

static void *payload(struct block *b)
{
    return (uint8_t *)b + ALIGN;
}

static struct block *block_of(void *p)
{
    return (struct block *)((uint8_t *)p - ALIGN);
}

static void list_add(struct block *b)
{
    b->next = g_free;
    b->prev = NULL;
    if (g_free)
        g_free->prev = b;
    g_free = b;
    g_free_size += b->size;
}

static void list_remove(struct block *b)
{
    if (b->prev)
        b->prev->next = b->next;
    else
        g_free = b->next;
    if (b->next)
        b->next->prev = b->prev;
    g_free_size -= b->size;
}

/* Sets the size, lowest bit included, and tells the block behind. */
static void set_size(struct block *b, size_t size, bool used)
{
    b->size = size | used;
    after(b)->before = size;
}

void heap_start(void *start, size_t size)
{
    g_first = g_end = g_free = NULL;
    g_free_size = 0;
    if (size < (size_t)2 * MIN_BLOCK)
        return;
    g_first = start;
    g_end = at(g_first, size - MIN_BLOCK);
    g_end->size = 1;
    g_first->before = 0;
    set_size(g_first, size - MIN_BLOCK, false);
    list_add(g_first);
}

/* Cuts what is not needed off the end of a block that is in use. */
static void trim(struct block *b, size_t need)
{
    size_t rest = size_of(b) - need;
    if (rest < MIN_BLOCK)
        return;
    set_size(b, need, true);
    struct block *tail = after(b);
    tail->before = need;
    struct block *behind = at(tail, rest);
    if (!in_use(behind)) {
        list_remove(behind);
        rest += size_of(behind);
    }
    set_size(tail, rest, false);
    list_add(tail);
}

static size_t block_size(size_t size)
{
    size_t need = (size + ALIGN + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    return need < MIN_BLOCK ? MIN_BLOCK : need;
}

void *heap_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t need = block_size(size);
    lock_take(&g_lock);
    struct block *b = g_free;
    while (b && b->size < need)
        b = b->next;
    if (b) {
        list_remove(b);
        b->size |= 1;
        trim(b, need);
    }
    lock_give(&g_lock);
    return b ? payload(b) : NULL;
}

/* True when `b` looks like a block in use that its neighbour agrees with. */
static bool is_sound(struct block *b)
{
    uintptr_t addr = (uintptr_t)b;
    if (addr < (uintptr_t)g_first || addr >= (uintptr_t)g_end || addr % ALIGN || !in_use(b))
        return false;
    return size_of(b) <= (uintptr_t)g_end - addr && after(b)->before == size_of(b);
}

void heap_drop(void *p)
{
    if (!p)
        return;
    lock_take(&g_lock);
    struct block *b = block_of(p);
    if (!is_sound(b))
        enclave_fatal(GATE_FATAL_HEAP);
    size_t size = size_of(b);
    struct block *behind = after(b);
    if (!in_use(behind)) {
        list_remove(behind);
        size += size_of(behind);
    }
    if (b->before && !in_use((struct block *)((uint8_t *)b - b->before))) {
        b->size &= ~(size_t)1; /* a second free of the same address is seen */
        b = (struct block *)((uint8_t *)b - b->before);
        list_remove(b);
        size += size_of(b);
    }
    set_size(b, size, false);
    list_add(b);
    lock_give(&g_lock);
}

void *heap_resize(void *p, size_t size)
{
    if (!p)
        return heap_new(size);
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t need = block_size(size);
    lock_take(&g_lock);
    struct block *b = block_of(p);
    if (!is_sound(b))
        enclave_fatal(GATE_FATAL_HEAP);
    struct block *behind = after(b);
    size_t had = size_of(b);
    if (had < need && !in_use(behind) && had + size_of(behind) >= need) {
        list_remove(behind);
        set_size(b, had + size_of(behind), true);
    }
    bool fits = size_of(b) >= need;
    if (fits)
        trim(b, need);
    lock_give(&g_lock);
    if (fits)
        return p;
    void *bigger = heap_new(size);
    if (bigger) {
        memcpy(bigger, p, had - ALIGN);
        heap_drop(p);
    }
    return bigger;
}

size_t heap_free_size(void)
{
    lock_take(&g_lock);
    size_t size = g_free_size;
    lock_give(&g_lock);
    return size;
}
