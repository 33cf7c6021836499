/* SPDX-License-Identifier: Apache-2.0
 * arena.h: memory that is freed all at once. */
#ifndef CELLA_MKROOT_ARENA_H
#define CELLA_MKROOT_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Zero-initialise; end with arena_fini(). */
struct arena {
    struct arena_chunk *last;
    size_t used; /* bytes of the last chunk */
};

/* Zeroed memory, aligned to 8; NULL when there is none left. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_copy(struct arena *a, const void *data, size_t size);
void arena_fini(struct arena *a);

#endif
