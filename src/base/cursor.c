/* SPDX-License-Identifier: Apache-2.0
 * cursor.c: see cursor.h. */
#include "base/cursor.h"

#include <errno.h>

#include "base/bytes.h"

struct cursor cursor_over(struct span in)
{
    return (struct cursor){.data = in.data, .size = in.size};
}

size_t cursor_left(const struct cursor *c)
{
    return c->bad ? 0 : c->size - c->at;
}

struct span cursor_span(struct cursor *c, size_t size)
{
    if (size > cursor_left(c)) {
        c->bad = true;
        return span_of(NULL, 0);
    }
    struct span s = span_of(c->data + c->at, size);
    c->at += size;
    return s;
}

uint8_t cursor_u8(struct cursor *c)
{
    struct span s = cursor_span(c, 1);
    return s.size ? s.data[0] : 0;
}

uint16_t cursor_u16(struct cursor *c)
{
    struct span s = cursor_span(c, 2);
    return s.size ? get_le16(s.data) : 0;
}

uint32_t cursor_u32(struct cursor *c)
{
    struct span s = cursor_span(c, 4);
    return s.size ? get_le32(s.data) : 0;
}

uint64_t cursor_u64(struct cursor *c)
{
    struct span s = cursor_span(c, 8);
    return s.size ? get_le64(s.data) : 0;
}

void cursor_copy(struct cursor *c, void *out, size_t size)
{
    struct span s = cursor_span(c, size);
    if (s.size)
        memcpy(out, s.data, size);
    else
        memset(out, 0, size);
}

struct span cursor_span16(struct cursor *c)
{
    return cursor_span(c, cursor_u16(c));
}

struct span cursor_span32(struct cursor *c)
{
    return cursor_span(c, cursor_u32(c));
}

struct cursor cursor_sub32(struct cursor *c)
{
    struct cursor sub = cursor_over(cursor_span32(c));
    sub.bad = c->bad;
    return sub;
}

void cursor_zero(struct cursor *c, size_t size)
{
    struct span s = cursor_span(c, size);
    if (!bytes_are_zero(s.data, s.size))
        c->bad = true;
}

int cursor_check(const struct cursor *c, struct err *e, const char *what)
{
    if (c->bad)
        return fail(e, -EBADMSG, "%s: truncated or malformed: ends after %zu bytes", what, c->size);
    return 0;
}

int cursor_end(const struct cursor *c, struct err *e, const char *what)
{
    int rc = cursor_check(c, e, what);
    if (rc)
        return rc;
    if (c->at != c->size)
        return fail(e, -EBADMSG, "%s: %zu bytes expected, %zu found", what, c->at, c->size);
    return 0;
}
