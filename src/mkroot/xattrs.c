/* SPDX-License-Identifier: Apache-2.0
 * xattrs.c: see xattrs.h. */
#include "mkroot/xattrs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "rootfs/erofs.h"

enum { SHARED_MAX = 255, BODY_MAX = 64 * 1024 };

static uint32_t hash_bytes(uint32_t hash, struct span s)
{
    for (size_t i = 0; i < s.size; i++)
        hash = (hash ^ s.data[i]) * 16777619u;
    return hash;
}

static struct xattr *intern(struct xattrs *all, struct arena *a, unsigned space, struct span name,
                            struct span value)
{
    uint32_t hash = hash_bytes(hash_bytes(2166136261u ^ space, name), value);
    struct xattr **bucket = &all->buckets[hash % ARRAY_COUNT(all->buckets)];
    for (struct xattr *x = *bucket; x; x = x->hash_next)
        if (x->hash == hash && x->space == space && span_equal(x->name, name) &&
            span_equal(x->value, value))
            return x;
    struct xattr *x = arena_alloc(a, sizeof *x);
    uint8_t *bytes = arena_alloc(a, name.size + value.size + 1);
    if (!x || !bytes)
        return NULL;
    if (name.size)
        memcpy(bytes, name.data, name.size);
    if (value.size)
        memcpy(bytes + name.size, value.data, value.size);
    *x = (struct xattr){.hash_next = *bucket,
                        .name = span_of(bytes, name.size),
                        .value = span_of(bytes + name.size, value.size),
                        .hash = hash,
                        .space = (uint8_t)space};
    *bucket = x;
    all->count++;
    return x;
}

int xattr_list_add(struct xattr_list *l, struct xattrs *all, struct arena *a, struct span name,
                   struct span value, struct err *e)
{
    struct span rest;
    unsigned space = erofs_namespace_of(name, &rest);
    int shown = (int)(name.size < 80 ? name.size : 80);
    if (space == 0)
        return fail(e, -EOPNOTSUPP, "attribute %.*s: a namespace that the image cannot hold", shown,
                    (const char *)name.data);
    if (rest.size > EROFS_NAME_MAX || value.size > UINT16_MAX)
        return fail(e, -E2BIG, "attribute %.*s: name of %zu bytes, value of %zu: too long", shown,
                    (const char *)name.data, rest.size, value.size);
    struct xattr *x = intern(all, a, space, rest, value);
    if (!x)
        return fail(e, -ENOMEM, "out of memory");
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->items[i]->space == space && span_equal(l->items[i]->name, rest)) {
            l->items[i] = x;
            return 0;
        }
    }
    if (l->count == ARRAY_COUNT(l->items))
        return fail(e, -E2BIG, "more than %zu attributes on one file", ARRAY_COUNT(l->items));
    l->items[l->count++] = x;
    return 0;
}

int xattr_compare(const struct xattr *a, const struct xattr *b)
{
    if (a->space != b->space)
        return a->space < b->space ? -1 : 1;
    int order = erofs_name_compare(a->name, b->name);
    return order ? order : erofs_name_compare(a->value, b->value);
}

static int compare_items(const void *a, const void *b)
{
    return xattr_compare(*(struct xattr *const *)a, *(struct xattr *const *)b);
}

int xattr_list_finish(const struct xattr_list *l, struct arena *a, const struct xattr_set **out,
                      struct err *e)
{
    *out = NULL;
    if (l->count == 0)
        return 0;
    struct xattr_set *set = arena_alloc(a, sizeof *set + l->count * sizeof(void *));
    if (!set)
        return fail(e, -ENOMEM, "out of memory");
    set->count = l->count;
    memcpy(set->items, l->items, l->count * sizeof(void *));
    qsort(set->items, set->count, sizeof(void *), compare_items);
    if (xattr_body_size(set) > BODY_MAX)
        return fail(e, -E2BIG, "%zu bytes of attributes on one file, at most %d can be stored",
                    xattr_body_size(set), BODY_MAX);
    *out = set;
    return 0;
}

size_t xattr_entry_size(const struct xattr *x)
{
    return (EROFS_XATTR_ENTRY_SIZE + x->name.size + x->value.size + 3) & ~(size_t)3;
}

bool xattr_is_shared(const struct xattr *x)
{
    return x->uses > 1;
}

/* Attributes beyond the first 255 shared ones of an inode are written inline. */
static uint32_t shared_count(const struct xattr_set *set)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < set->count; i++)
        n += xattr_is_shared(set->items[i]);
    return n < SHARED_MAX ? n : SHARED_MAX;
}

size_t xattr_body_size(const struct xattr_set *set)
{
    if (!set)
        return 0;
    uint32_t shared = shared_count(set);
    size_t size = EROFS_XATTR_HEADER_SIZE + shared * 4u;
    for (uint32_t i = 0; i < set->count; i++) {
        if (xattr_is_shared(set->items[i]) && shared > 0)
            shared--;
        else
            size += xattr_entry_size(set->items[i]);
    }
    return size;
}

void xattr_entry_write(const struct xattr *x, uint8_t *out)
{
    memset(out, 0, xattr_entry_size(x));
    out[0] = (uint8_t)x->name.size;
    out[1] = x->space;
    put_le16(out + 2, (uint16_t)x->value.size);
    memcpy(out + EROFS_XATTR_ENTRY_SIZE, x->name.data, x->name.size);
    memcpy(out + EROFS_XATTR_ENTRY_SIZE + x->name.size, x->value.data, x->value.size);
}

void xattr_body_write(const struct xattr_set *set, uint8_t *out)
{
    size_t shared = shared_count(set);
    memset(out, 0, EROFS_XATTR_HEADER_SIZE);
    out[4] = (uint8_t)shared;
    uint8_t *ids = out + EROFS_XATTR_HEADER_SIZE;
    uint8_t *entries = ids + shared * 4;
    for (uint32_t i = 0; i < set->count; i++) {
        const struct xattr *x = set->items[i];
        if (xattr_is_shared(x) && shared > 0) {
            put_le32(ids, x->id);
            ids += 4;
            shared--;
        } else {
            xattr_entry_write(x, entries);
            entries += xattr_entry_size(x);
        }
    }
}
