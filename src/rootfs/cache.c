/* SPDX-License-Identifier: Apache-2.0
 * cache.c: see cache_priv.h. */
#include "rootfs/cache_priv.h"

#include "rootfs/rootfs.h"

static struct cache_slot *set_of(const struct cache *c, uint64_t block)
{
    return &c->slots[block % c->sets * CACHE_WAYS];
}

static void touch(struct cache_slot *s, unsigned keep)
{
    if (__atomic_load_n(&s->keep, __ATOMIC_RELAXED) < keep)
        __atomic_store_n(&s->keep, (uint16_t)keep, __ATOMIC_RELAXED);
}

uint32_t cache_find(struct cache *c, uint64_t block, unsigned keep)
{
    struct cache_slot *set = set_of(c, block);
    for (unsigned way = 0; way < CACHE_WAYS; way++) {
        struct cache_slot *s = &set[way];
        if (__atomic_load_n(&s->tag, __ATOMIC_RELAXED) != block + 1)
            continue;
        __atomic_add_fetch(&s->pins, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&s->tag, __ATOMIC_SEQ_CST) != block + 1) {
            __atomic_sub_fetch(&s->pins, 1, __ATOMIC_RELEASE);
            continue;
        }
        touch(s, keep);
        uint32_t slot = (uint32_t)(s - c->slots);
        uint64_t *hits = &c->hits[slot / CACHE_WAYS % CACHE_COUNTERS].count;
        __atomic_store_n(hits, __atomic_load_n(hits, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
        return slot;
    }
    return CACHE_NO_SLOT;
}

uint64_t cache_hits(const struct cache *c)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < CACHE_COUNTERS; i++)
        sum += __atomic_load_n(&c->hits[i].count, __ATOMIC_RELAXED);
    return sum;
}

bool cache_has(const struct cache *c, uint64_t block)
{
    const struct cache_slot *set = set_of(c, block);
    for (unsigned way = 0; way < CACHE_WAYS; way++)
        if (__atomic_load_n(&set[way].tag, __ATOMIC_RELAXED) == block + 1)
            return true;
    return false;
}

/* Takes the slot when nobody uses it: empty, with one pin, ours. */
static bool evict(struct cache_slot *s)
{
    uint64_t tag = __atomic_exchange_n(&s->tag, 0, __ATOMIC_SEQ_CST);
    uint32_t none = 0;
    if (__atomic_compare_exchange_n(&s->pins, &none, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return true;
    __atomic_store_n(&s->tag, tag, __ATOMIC_SEQ_CST);
    return false;
}

/* Time passes for what stays. */
static void age(struct cache_slot *set, unsigned rounds)
{
    for (unsigned way = 0; way < CACHE_WAYS; way++) {
        uint16_t left = __atomic_load_n(&set[way].keep, __ATOMIC_RELAXED);
        uint16_t aged = left > rounds ? (uint16_t)(left - rounds) : 0;
        __atomic_store_n(&set[way].keep, aged, __ATOMIC_RELAXED);
    }
}

/* An empty slot, or one that has no more than `rounds` left, is evicted. */
static bool claim(struct cache_slot *s, unsigned rounds)
{
    bool is_empty = __atomic_load_n(&s->tag, __ATOMIC_RELAXED) == 0;
    if (!is_empty && __atomic_load_n(&s->keep, __ATOMIC_RELAXED) > rounds)
        return false;
    return __atomic_load_n(&s->pins, __ATOMIC_RELAXED) == 0 && evict(s);
}

uint32_t cache_claim(struct cache *c, uint64_t block)
{
    struct cache_slot *set = set_of(c, block);
    for (unsigned rounds = 0; rounds <= CACHE_KEEP_HASH; rounds++) {
        for (unsigned way = 0; way < CACHE_WAYS; way++) {
            if (!claim(&set[way], rounds))
                continue;
            age(set, rounds);
            return (uint32_t)(&set[way] - c->slots);
        }
    }
    return CACHE_NO_SLOT;
}

uint8_t *cache_data(const struct cache *c, uint32_t slot)
{
    return c->data + (size_t)slot * ROOTFS_BLOCK_SIZE;
}

void cache_fill(struct cache *c, uint32_t slot, uint64_t block, unsigned keep)
{
    struct cache_slot *s = &c->slots[slot];
    __atomic_store_n(&s->keep, (uint16_t)keep, __ATOMIC_RELAXED);
    __atomic_store_n(&s->tag, block + 1, __ATOMIC_SEQ_CST);
}

void cache_unpin(struct cache *c, uint32_t slot)
{
    __atomic_sub_fetch(&c->slots[slot].pins, 1, __ATOMIC_RELEASE);
}

static uint16_t *maps_of(const struct cache *c, uint32_t slot)
{
    return &c->slots[slot - slot % CACHE_WAYS].maps;
}

bool cache_map(struct cache *c, uint32_t slot)
{
    uint16_t *maps = maps_of(c, slot);
    if (__atomic_add_fetch(maps, 1, __ATOMIC_RELAXED) <= CACHE_MAPS_PER_SET)
        return true;
    __atomic_sub_fetch(maps, 1, __ATOMIC_RELAXED);
    return false;
}

void cache_unmap(struct cache *c, uint32_t slot)
{
    __atomic_sub_fetch(maps_of(c, slot), 1, __ATOMIC_RELAXED);
    cache_unpin(c, slot);
}
