/* SPDX-License-Identifier: Apache-2.0
 * arena.c: see arena.h. */
#include "enclave/arena.h"

#include <errno.h>

#include "enclave/thread.h"

static size_t in_words(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

int arena_take(size_t size, host_ptr *out)
{
    struct thread *t = thread_current();
    if (size > t->arena_size || in_words(size) > t->arena_size - t->arena_used)
        return -ENOMEM;
    out->addr = t->arena + t->arena_used;
    t->arena_used += in_words(size);
    return 0;
}

size_t arena_limit(size_t size, size_t other)
{
    const struct thread *t = thread_current();
    size_t left = t->arena_size - t->arena_used;
    size_t most = left > in_words(other) ? left - in_words(other) : 0;
    return size < most ? size : most;
}

size_t arena_mark(void)
{
    return thread_current()->arena_used;
}

void arena_release(size_t mark)
{
    thread_current()->arena_used = mark;
}

host_ptr arena_parking(void)
{
    return (host_ptr){thread_current()->arena};
}

host_ptr arena_attention(void)
{
    return (host_ptr){thread_current()->arena + 8};
}
