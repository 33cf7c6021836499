/* SPDX-License-Identifier: Apache-2.0
 * span.h: a view of bytes that somebody else owns. */
#ifndef CELLA_BASE_SPAN_H
#define CELLA_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `data` may be NULL when `size` (bytes) is 0.  Whoever hands one out says what it borrows from. */
struct span {
    const uint8_t *data;
    size_t size;
};

static inline struct span span_of(const void *data, size_t size)
{
    return (struct span){.data = data, .size = size};
}

static inline struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
