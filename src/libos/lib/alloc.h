/* SPDX-License-Identifier: Apache-2.0
 * alloc.h: kernel memory.  Every call may fail with NULL and the caller says -ENOMEM.  Objects
 * belong to the kernel; none is in application range. */
#ifndef CELLA_LIBOS_LIB_ALLOC_H
#define CELLA_LIBOS_LIB_ALLOC_H

#include <stddef.h>
#include <stdint.h>

enum { PAGE_SIZE = 4096, PAGE_SHIFT = 12 };

static inline uint64_t page_down(uint64_t value)
{
    return value & ~(uint64_t)(PAGE_SIZE - 1);
}

static inline uint64_t page_up(uint64_t value) /* wraps to 0 near the top */
{
    return page_down(value + PAGE_SIZE - 1);
}

/* Zeroed memory of any size, 16-byte aligned; kfree() takes it back.  kfree(NULL) is fine. */
void *kalloc(size_t size);
void kfree(void *object);
/* Like realloc; the new part is not zeroed. */
void *krealloc(void *object, size_t size);
char *kstrdup(const char *text);
char *kstrndup(const char *text, size_t size);
/* One page, page aligned, not zeroed. */
void *kpage_alloc(void);
void kpage_free(void *page);
/* Bytes the kernel took from the platform. */
uint64_t kalloc_taken(void);

static inline void cleanup_kfree(void *p)
{
    kfree(*(void **)p);
}

#define auto_kfree __attribute__((cleanup(cleanup_kfree)))

#endif
