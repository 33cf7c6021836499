/* SPDX-License-Identifier: Apache-2.0
 * arena.c: see arena.h. */
#include "mkroot/arena.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 256 * 1024 };

struct arena_chunk {
    struct arena_chunk *before;
    size_t size;
    _Alignas(8) unsigned char data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if (!a->last || size > a->last->size - a->used) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        struct arena_chunk *chunk = calloc(1, sizeof *chunk + room);
        if (!chunk)
            return NULL;
        chunk->before = a->last;
        chunk->size = room;
        a->last = chunk;
        a->used = 0;
    }
    void *p = a->last->data + a->used;
    a->used += size;
    return p;
}

void *arena_copy(struct arena *a, const void *data, size_t size)
{
    void *p = arena_alloc(a, size);
    if (p && size)
        memcpy(p, data, size);
    return p;
}

void arena_fini(struct arena *a)
{
    while (a->last) {
        struct arena_chunk *chunk = a->last;
        a->last = chunk->before;
        free(chunk);
    }
    a->used = 0;
}
