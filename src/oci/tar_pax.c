/* SPDX-License-Identifier: Apache-2.0
 * tar_pax.c: see tar_pax.h. */
#include "oci/tar_pax.h"

#include <errno.h>

#include "base/bytes.h"

int pax_number(struct span text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -EBADMSG;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            return -EBADMSG;
    }
    *out = value;
    return text.size > 0 ? 0 : -EBADMSG;
}

/* The first nine digits of a fraction as nanoseconds; *rest says whether others than 0 follow. */
static int fraction(struct span text, uint32_t *nanoseconds, bool *rest)
{
    uint32_t value = 0;
    *rest = false;
    for (size_t i = 0; i < text.size || i < 9; i++) {
        uint8_t digit = i < text.size ? text.data[i] : '0';
        if (digit < '0' || digit > '9')
            return -EBADMSG;
        if (i < 9)
            value = value * 10 + (uint32_t)(digit - '0');
        else
            *rest = *rest || digit != '0';
    }
    *nanoseconds = value;
    return 0;
}

int pax_time(struct span text, int64_t *seconds, uint32_t *nanoseconds)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative)
        text = span_of(text.data + 1, text.size - 1);
    const uint8_t *dot = text.size ? memchr(text.data, '.', text.size) : NULL;
    size_t whole = dot ? (size_t)(dot - text.data) : text.size;
    size_t behind = dot ? text.size - whole - 1 : 0;
    uint64_t value;
    bool rest;
    if (pax_number(span_of(text.data, whole), &value) || value >= INT64_MAX ||
        fraction(span_of(text.data + text.size - behind, behind), nanoseconds, &rest))
        return -EBADMSG;
    *seconds = negative ? -(int64_t)value : (int64_t)value;
    if (!negative || (*nanoseconds == 0 && !rest))
        return 0;
    uint32_t down = *nanoseconds + rest; /* -1.5 is half a second behind -2 */
    *seconds -= 1;
    *nanoseconds = 1000000000 - down;
    return 0;
}

/* A field that an empty value takes back. */
static int set_number(struct span value, bool *has, uint64_t *out)
{
    *has = value.size > 0;
    return *has ? pax_number(value, out) : 0;
}

static void set_text(struct span value, bool *has, struct span *out)
{
    *has = value.size > 0;
    *out = value;
}

static int set_time(struct pax *p, struct span value)
{
    p->has_mtime = value.size > 0;
    return p->has_mtime ? pax_time(value, &p->mtime_s, &p->mtime_ns) : 0;
}

static int add_xattr(struct pax *p, struct span name, struct span value, struct err *e)
{
    if (p->xattr_count == PAX_XATTRS_MAX)
        return fail(e, -E2BIG, "tar: more than %d attributes on one file", PAX_XATTRS_MAX);
    p->xattrs[p->xattr_count++] = (struct tar_xattr){.name = name, .value = value};
    return 0;
}

static bool is(struct span key, const char *name)
{
    return span_equal(key, span_text(name));
}

/* Sparse format 0.0 repeats a pair of keys for each piece. */
static int set_piece(struct pax *p, struct sparse_map *map, struct span key, struct span value,
                     struct err *e)
{
    uint64_t number;
    int rc = pax_number(value, &number);
    p->has_map = true;
    if (rc == 0 && is(key, "GNU.sparse.offset")) {
        p->sparse_offset = number;
        p->has_offset = true;
        return 0;
    }
    if (rc || !p->has_offset)
        return -EBADMSG;
    p->has_offset = false;
    return sparse_add(map, p->sparse_offset, number, e);
}

static int set_sparse(struct pax *p, struct sparse_map *map, struct span key, struct span value,
                      struct err *e)
{
    bool ignored;
    if (is(key, "GNU.sparse.offset") || is(key, "GNU.sparse.numbytes"))
        return set_piece(p, map, key, value, e);
    if (is(key, "GNU.sparse.map")) {
        p->has_map = true;
        map->count = 0;
        return sparse_parse_list(map, value, e);
    }
    if (is(key, "GNU.sparse.numblocks"))
        p->has_map = true; /* even when there are none */
    else if (is(key, "GNU.sparse.name"))
        set_text(value, &p->has_sparse_name, &p->sparse_name);
    else if (is(key, "GNU.sparse.size") || is(key, "GNU.sparse.realsize"))
        return set_number(value, &p->has_real_size, &p->real_size);
    else if (is(key, "GNU.sparse.major"))
        return set_number(value, &ignored, &p->sparse_major);
    else if (is(key, "GNU.sparse.minor"))
        return set_number(value, &ignored, &p->sparse_minor);
    return 0;
}

static int set(struct pax *p, struct sparse_map *map, struct span key, struct span value,
               struct err *e)
{
    static const char xattr[] = "SCHILY.xattr.";
    static const char sparse[] = "GNU.sparse.";
    if (is(key, "path"))
        set_text(value, &p->has_path, &p->path);
    else if (is(key, "linkpath"))
        set_text(value, &p->has_link, &p->link);
    else if (is(key, "size"))
        return set_number(value, &p->has_size, &p->size);
    else if (is(key, "uid"))
        return set_number(value, &p->has_uid, &p->uid);
    else if (is(key, "gid"))
        return set_number(value, &p->has_gid, &p->gid);
    else if (is(key, "mtime"))
        return set_time(p, value);
    else if (key.size > sizeof xattr - 1 && memcmp(key.data, xattr, sizeof xattr - 1) == 0)
        return add_xattr(p, span_of(key.data + sizeof xattr - 1, key.size - (sizeof xattr - 1)),
                         value, e);
    else if (key.size > sizeof sparse - 1 && memcmp(key.data, sparse, sizeof sparse - 1) == 0)
        return set_sparse(p, map, key, value, e);
    return 0; /* others say nothing that an image holds */
}

/* Cuts one record off: "27 mtime=1350244992.023960108\n", whose length counts itself. */
static int next_record(struct span *text, struct span *key, struct span *value)
{
    const uint8_t *space = memchr(text->data, ' ', text->size < 20 ? text->size : 20);
    uint64_t size;
    if (!space || pax_number(span_of(text->data, (size_t)(space - text->data)), &size))
        return -EBADMSG;
    size_t start = (size_t)(space - text->data) + 1;
    if (size <= start || size > text->size || text->data[size - 1] != '\n')
        return -EBADMSG;
    struct span record = span_of(text->data + start, (size_t)size - start - 1);
    const uint8_t *equals = record.size ? memchr(record.data, '=', record.size) : NULL;
    if (!equals || equals == record.data)
        return -EBADMSG;
    *key = span_of(record.data, (size_t)(equals - record.data));
    *value = span_of(equals + 1, record.size - key->size - 1);
    *text = span_of(text->data + size, text->size - (size_t)size);
    return 0;
}

int pax_parse(struct pax *p, struct sparse_map *map, struct span text, struct err *e)
{
    while (text.size > 0) {
        struct span key;
        struct span value;
        int rc = next_record(&text, &key, &value);
        if (rc == 0)
            rc = set(p, map, key, value, e);
        if (rc == -EBADMSG)
            return fail(e, rc, "tar: an extended header that is malformed");
        if (rc)
            return rc;
    }
    return 0;
}
