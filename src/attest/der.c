/* SPDX-License-Identifier: Apache-2.0
 * der.c: see der.h. */
#include "attest/der.h"

#include "attest/rfc3339.h"

struct der der_over(struct span in)
{
    return (struct der){.rest = in};
}

unsigned der_peek(const struct der *d)
{
    return d->bad || d->rest.size == 0 ? 0 : d->rest.data[0];
}

static struct span refuse(struct der *d)
{
    d->bad = true;
    d->rest = span_of(NULL, 0);
    return d->rest;
}

/* Reads a length; *used becomes its size in bytes, 0 when it is not DER. */
static size_t read_length(struct span in, size_t *used)
{
    *used = 0;
    if (in.size < 1)
        return 0;
    size_t first = in.data[0];
    if (first < 0x80) {
        *used = 1;
        return first;
    }
    size_t count = first & 0x7f;
    if (count == 0 || count > 4 || in.size < 1 + count)
        return 0;
    size_t length = 0;
    for (size_t i = 1; i <= count; i++)
        length = length << 8 | in.data[i];
    size_t smallest = count == 1 ? 0x80 : (size_t)1 << (8 * (count - 1));
    if (length < smallest)
        return 0;
    *used = 1 + count;
    return length;
}

/* Splits the next element into content (returned) and whole. */
static struct span next(struct der *d, struct span *whole)
{
    *whole = span_of(NULL, 0);
    if (d->bad || d->rest.size < 2 || (d->rest.data[0] & 0x1f) == 0x1f)
        return refuse(d);
    size_t used;
    size_t length = read_length(span_of(d->rest.data + 1, d->rest.size - 1), &used);
    if (used == 0 || length > d->rest.size - 1 - used)
        return refuse(d);
    size_t head = 1 + used;
    *whole = span_of(d->rest.data, head + length);
    struct span content = span_of(d->rest.data + head, length);
    d->rest = span_of(d->rest.data + head + length, d->rest.size - head - length);
    return content;
}

/* Numbers of seven bits a byte, none with leading zeros.  [X690 8.19] */
static bool is_oid(struct span s)
{
    bool first = true;
    for (size_t i = 0; i < s.size; i++) {
        if (first && s.data[i] == 0x80)
            return false;
        first = !(s.data[i] & 0x80);
    }
    return s.size > 0 && first;
}

struct span der_take(struct der *d, unsigned tag)
{
    struct span whole;
    if (der_peek(d) != tag)
        return refuse(d);
    struct span content = next(d, &whole);
    return tag == DER_OID && !is_oid(content) ? refuse(d) : content;
}

struct span der_take_whole(struct der *d, unsigned tag)
{
    return der_peek(d) == tag ? der_skip(d) : refuse(d);
}

struct span der_skip(struct der *d)
{
    struct span whole;
    next(d, &whole);
    return whole;
}

struct der der_enter(struct der *d, unsigned tag)
{
    struct der in = der_over(der_take(d, tag));
    in.bad = d->bad;
    return in;
}

bool der_end(const struct der *d)
{
    return !d->bad && d->rest.size == 0;
}

bool der_is_integer(struct span s)
{
    if (s.size == 0)
        return false;
    bool extra = s.size > 1 && ((s.data[0] == 0 && !(s.data[1] & 0x80)) ||
                                (s.data[0] == 0xff && (s.data[1] & 0x80)));
    return !extra;
}

static bool is_unsigned(struct span s)
{
    return der_is_integer(s) && !(s.data[0] & 0x80);
}

uint32_t der_uint(struct der *d, unsigned tag, uint32_t max)
{
    struct span s = der_take(d, tag);
    uint64_t value = 0;
    if (d->bad || !is_unsigned(s) || s.size > 5) {
        refuse(d);
        return 0;
    }
    for (size_t i = 0; i < s.size; i++)
        value = value << 8 | s.data[i];
    if (value > max) {
        refuse(d);
        return 0;
    }
    return (uint32_t)value;
}

static int two_digits(const uint8_t *p)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    return (p[0] - '0') * 10 + (p[1] - '0');
}

int64_t der_time(struct der *d)
{
    bool is_utc = der_peek(d) == DER_UTC_TIME;
    struct span s = der_take(d, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    size_t year_size = is_utc ? 2 : 4;
    int64_t at = 0;
    int parts[6];
    if (d->bad || s.size != year_size + 11 || s.data[s.size - 1] != 'Z') {
        refuse(d);
        return 0;
    }
    int year = two_digits(s.data);
    int low = is_utc ? 0 : two_digits(s.data + 2);
    parts[0] = is_utc ? (year >= 50 ? 1900 : 2000) + year : year * 100 + low;
    for (size_t i = 0; i < 5; i++)
        parts[1 + i] = two_digits(s.data + year_size + 2 * i);
    if (year < 0 || low < 0 || time_from_parts(&at, parts))
        refuse(d);
    return at;
}

static bool to_32_bytes(uint8_t out[32], struct span s)
{
    if (!is_unsigned(s))
        return false;
    if (s.data[0] == 0 && s.size > 1)
        s = span_of(s.data + 1, s.size - 1);
    if (s.size > 32)
        return false;
    memset(out, 0, 32);
    memcpy(out + 32 - s.size, s.data, s.size);
    return true;
}

bool der_signature(uint8_t out[64], struct span in)
{
    struct der d = der_over(in);
    struct der rs = der_enter(&d, DER_SEQUENCE);
    struct span r = der_take(&rs, DER_INTEGER);
    struct span s = der_take(&rs, DER_INTEGER);
    return der_end(&d) && der_end(&rs) && to_32_bytes(out, r) && to_32_bytes(out + 32, s);
}
