/* SPDX-License-Identifier: Apache-2.0
 * cursor.h: reads a byte format from front to back.
 * A read past the end sets `bad` and gives zeros (or an empty span) from then on, so that a parser
 * reads like the table in its specification and asks once, at cursor_end(). */
#ifndef CELLA_BASE_CURSOR_H
#define CELLA_BASE_CURSOR_H

#include "base/err.h"
#include "base/span.h"

struct cursor {
    const uint8_t *data;
    size_t size; /* bytes from data */
    size_t at;   /* offset of the next byte */
    bool bad;    /* a read went past the end */
};

struct cursor cursor_over(struct span in);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c); /* little-endian, as all of SGX */
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
void cursor_copy(struct cursor *c, void *out, size_t size);
/* The view borrows from what the cursor runs over. */
struct span cursor_span(struct cursor *c, size_t size);
struct span cursor_span16(struct cursor *c); /* u16 length, then that many bytes */
struct span cursor_span32(struct cursor *c); /* u32 length, then that many bytes */
struct cursor cursor_sub32(struct cursor *c);
/* Reads `size` bytes that must be zero; anything else sets `bad`. */
void cursor_zero(struct cursor *c, size_t size);
size_t cursor_left(const struct cursor *c);
/* 0 when nothing was read past the end and nothing is left; else -EBADMSG, naming `what`. */
int cursor_end(const struct cursor *c, struct err *e, const char *what) MUST_USE;
/* The same, but bytes may be left. */
int cursor_check(const struct cursor *c, struct err *e, const char *what) MUST_USE;

#endif
