/* SPDX-License-Identifier: Apache-2.0
 * platform_cache.c: see platform.h.  A table with one place for each hash; a newcomer replaces who
 * was there.  Entries are compared by all their bytes, never by a hash alone. */
#include <stdlib.h>

#include "attest/platform.h"
#include "base/bytes.h"

struct entry {
    uint64_t collateral; /* its serial; 0: empty */
    uint8_t *bytes;      /* copy of quote.platform */
    size_t size;
    struct platform platform;
};

struct platform_cache {
    size_t count;
    struct entry entry[];
};

struct platform_cache *platform_cache_new(size_t count)
{
    if (count == 0)
        count = 1;
    struct platform_cache *cache = calloc(1, sizeof *cache + count * sizeof cache->entry[0]);
    if (cache)
        cache->count = count;
    return cache;
}

static void entry_fini(struct entry *e)
{
    platform_fini(&e->platform);
    free(e->bytes);
    *e = (struct entry){0};
}

void platform_cache_free(struct platform_cache *cache)
{
    for (size_t i = 0; cache && i < cache->count; i++)
        entry_fini(&cache->entry[i]);
    free(cache);
}

/* The attestation key comes first and is as good as random. */
static size_t place_of(const struct platform_cache *cache, const struct quote *q)
{
    return (size_t)(get_le64(q->key.data) % cache->count);
}

const struct platform *platform_cache_find(const struct platform_cache *cache,
                                           const struct quote *q, const struct collateral *c)
{
    const struct entry *e = &cache->entry[place_of(cache, q)];
    bool same = e->collateral == c->serial && span_equal(span_of(e->bytes, e->size), q->platform);
    return same ? &e->platform : NULL;
}

const struct platform *platform_cache_put(struct platform_cache *cache, const struct quote *q,
                                          const struct collateral *c, struct platform *p)
{
    uint8_t *bytes = malloc(q->platform.size);
    if (!bytes)
        return NULL;
    struct entry *e = &cache->entry[place_of(cache, q)];
    entry_fini(e);
    memcpy(bytes, q->platform.data, q->platform.size);
    *e = (struct entry){
        .collateral = c->serial, .bytes = bytes, .size = q->platform.size, .platform = *p};
    *p = (struct platform){0};
    return &e->platform;
}
