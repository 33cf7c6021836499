/* SPDX-License-Identifier: Apache-2.0
 * arena.h: this thread's memory in the host, handed out like a stack.  The host chose where it
 * lies, once, and it was checked then; how much is used is counted inside. */
#ifndef CELLA_ENCLAVE_ARENA_H
#define CELLA_ENCLAVE_ARENA_H

#include <stddef.h>

#include "base/err.h"
#include "base/world.h"

/* `size` bytes, rounded up to words of 8 bytes; -ENOMEM when the arena is full. */
int arena_take(size_t size, host_ptr *out) MUST_USE;

/* At most `size`, so that beside it `other` bytes still fit. */
size_t arena_limit(size_t size, size_t other) MUST_USE;

/* arena_release(mark) gives back all that was taken since arena_mark(). */
size_t arena_mark(void) MUST_USE;
void arena_release(size_t mark);

/* A word of 8 bytes that only this thread sleeps on; never handed out otherwise, so a late wake-up
 * does no harm. */
host_ptr arena_parking(void);

/* Not 0: the host has something for a program with enclave_hooks, such as a signal from outside.  A
 * hint; the word behind arena_parking()'s. */
host_ptr arena_attention(void);

/* Bytes at the start of the arena that the two above own. */
enum { ARENA_RESERVED = 16 };

#endif
