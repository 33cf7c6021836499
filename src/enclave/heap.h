/* SPDX-License-Identifier: Apache-2.0
 * heap.h: memory for trusted code.
 *
 * One range, cut into blocks that touch each other; each begins with a header that holds its own
 * and its predecessor's size, free ones are also in a list.  First fit, neighbours are joined at
 * once.  Never reads memory that it has not written, so a range whose first content the host chose
 * is as good as a zeroed one. */
#ifndef CELLA_ENCLAVE_HEAP_H
#define CELLA_ENCLAVE_HEAP_H

#include <stddef.h>

#include "base/err.h"

/* The heap is `size` bytes at `start`, both multiples of 16. */
void heap_start(void *start, size_t size);

/* `size` bytes aligned to 16, content undefined; NULL when there is no room.  heap_drop() frees. */
void *heap_new(size_t size) MUST_USE;
void heap_drop(void *p); /* NULL is fine; a double free ends the enclave */

/* Changes the size, keeps the content up to the smaller one; NULL leaves `p` as it is. */
void *heap_resize(void *p, size_t size) MUST_USE;

/* Bytes that heap_new() could still give in the best case. */
size_t heap_free_size(void);

#endif
