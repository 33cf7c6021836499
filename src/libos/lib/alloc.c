/* SPDX-License-Identifier: Apache-2.0
 * alloc.c: size classes (powers of two and the halves between) out of 64 KiB slabs, and whole page
 * runs for what is larger.  A slab begins with its header at a 64 KiB boundary, so kfree() finds it
 * by masking; a large object has the same header in front. */
#include "libos/lib/alloc.h"

#include <string.h>

#include "libos/lib/lock.h"
#include "platform/platform.h"

enum {
    SLAB_SIZE = 65536,
    HEADER_SIZE = 64,
    CLASS_COUNT = 19,
    LARGE = 0xffff,
    CHUNK_SIZE = 4 << 20, /* what is asked from the platform at a time */
};

struct slab {
    uint32_t class;
    uint32_t pages_unused;
    size_t large_size; /* whole run, when class is LARGE */
};

struct free_object {
    struct free_object *next;
};

struct size_class {
    struct spinlock lock;
    struct free_object *free; /* guarded by lock */
};

static const uint16_t SIZES[CLASS_COUNT] = {16,   32,   48,   64,   96,   128,  192,
                                            256,  384,  512,  768,  1024, 1536, 2048,
                                            3072, 4096, 6144, 8192, 16128};
static struct size_class g_classes[CLASS_COUNT];
static struct spinlock g_chunk_lock;
static struct free_object *g_free_slabs; /* guarded by g_chunk_lock, as the next four */
static uint8_t *g_chunk;
static size_t g_chunk_left;
static struct free_object *g_free_pages;
static uint64_t g_taken;

uint64_t kalloc_taken(void)
{
    return __atomic_load_n(&g_taken, __ATOMIC_RELAXED);
}

/* 64 KiB at a 64 KiB boundary.  Needs: g_chunk_lock. */
static void *slab_new(void)
{
    if (g_free_slabs) {
        struct free_object *slab = g_free_slabs;
        g_free_slabs = slab->next;
        return slab;
    }
    if (g_chunk_left < SLAB_SIZE) {
        g_chunk = platform_pages_alloc(CHUNK_SIZE);
        if (!g_chunk)
            return NULL;
        size_t skip = (SLAB_SIZE - ((uintptr_t)g_chunk & (SLAB_SIZE - 1))) & (SLAB_SIZE - 1);
        g_chunk += skip;
        g_chunk_left = CHUNK_SIZE - skip;
        g_taken += CHUNK_SIZE;
    }
    void *slab = g_chunk;
    g_chunk += SLAB_SIZE;
    g_chunk_left -= SLAB_SIZE;
    return slab;
}

static unsigned class_for(size_t size)
{
    unsigned n = 0;
    while (SIZES[n] < size)
        n++;
    return n;
}

/* Needs: the lock of class n. */
static bool class_refill(unsigned n)
{
    spin_lock(&g_chunk_lock);
    struct slab *slab = slab_new();
    spin_unlock(&g_chunk_lock);
    if (!slab)
        return false;
    slab->class = n;
    size_t object = SIZES[n];
    for (size_t at = HEADER_SIZE; at + object <= SLAB_SIZE; at += object) {
        struct free_object *f = (void *)((uint8_t *)slab + at);
        f->next = g_classes[n].free;
        g_classes[n].free = f;
    }
    return true;
}

static void *large_alloc(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t run = page_up(size + HEADER_SIZE) + SLAB_SIZE;
    uint8_t *pages = platform_pages_alloc(run);
    if (!pages)
        return NULL;
    /* The header must lie at a 64 KiB boundary; what was skipped is noted before it. */
    size_t skip = (SLAB_SIZE - ((uintptr_t)pages & (SLAB_SIZE - 1))) & (SLAB_SIZE - 1);
    struct slab *slab = (void *)(pages + skip);
    slab->class = LARGE;
    slab->pages_unused = (uint32_t)skip;
    slab->large_size = run;
    __atomic_fetch_add(&g_taken, run, __ATOMIC_RELAXED);
    return (uint8_t *)slab + HEADER_SIZE;
}

static void *object_alloc(size_t size)
{
    if (size > SIZES[CLASS_COUNT - 1])
        return large_alloc(size);
    unsigned n = class_for(size);
    struct size_class *c = &g_classes[n];
    spin_lock(&c->lock);
    struct free_object *object = NULL;
    if (c->free || class_refill(n)) {
        object = c->free;
        c->free = object->next;
    }
    spin_unlock(&c->lock);
    return object;
}

static struct slab *slab_of(void *object)
{
    uint8_t *p = object;
    return (void *)(p - ((uintptr_t)p & (SLAB_SIZE - 1)));
}

void *kalloc(size_t size)
{
    void *object = object_alloc(size);
    if (object && size <= SIZES[CLASS_COUNT - 1])
        memset(object, 0, size);
    return object;
}

void kfree(void *object)
{
    if (!object)
        return;
    struct slab *slab = slab_of(object);
    if (slab->class == LARGE) {
        size_t run = slab->large_size;
        __atomic_fetch_sub(&g_taken, run, __ATOMIC_RELAXED);
        platform_pages_free((uint8_t *)slab - slab->pages_unused, run);
        return;
    }
    struct size_class *c = &g_classes[slab->class];
    struct free_object *f = object;
    spin_lock(&c->lock);
    f->next = c->free;
    c->free = f;
    spin_unlock(&c->lock);
}

static size_t object_room(void *object)
{
    struct slab *slab = slab_of(object);
    if (slab->class == LARGE)
        return slab->large_size - slab->pages_unused - HEADER_SIZE;
    return SIZES[slab->class];
}

void *krealloc(void *object, size_t size)
{
    if (!object)
        return kalloc(size);
    size_t room = object_room(object);
    if (size <= room && (room <= 64 || size > room / 4))
        return object;
    void *larger = object_alloc(size);
    if (!larger)
        return NULL;
    memcpy(larger, object, size < room ? size : room);
    kfree(object);
    return larger;
}

char *kstrndup(const char *text, size_t size)
{
    size_t n = strnlen(text, size);
    char *copy = kalloc(n + 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

char *kstrdup(const char *text)
{
    return kstrndup(text, SIZE_MAX - 1);
}

void *kpage_alloc(void)
{
    spin_lock(&g_chunk_lock);
    if (!g_free_pages) {
        uint8_t *slab = slab_new();
        for (size_t at = 0; slab && at < SLAB_SIZE; at += PAGE_SIZE) {
            struct free_object *f = (void *)(slab + at);
            f->next = g_free_pages;
            g_free_pages = f;
        }
    }
    struct free_object *page = g_free_pages;
    if (page)
        g_free_pages = page->next;
    spin_unlock(&g_chunk_lock);
    return page;
}

void kpage_free(void *page)
{
    if (!page)
        return;
    struct free_object *f = page;
    spin_lock(&g_chunk_lock);
    f->next = g_free_pages;
    g_free_pages = f;
    spin_unlock(&g_chunk_lock);
}
