/* SPDX-License-Identifier: Apache-2.0
 * cache_priv.h: a fixed number of verified 4 KiB blocks, found without a lock.
 *
 * Sets of eight slots; block b may stand in any slot of set b % sets.  A slot's `tag` names its
 * block only while its bytes are complete and verified.  Whoever uses the bytes holds a pin:
 *   reader:  pins++, then tag == b?  else pins--
 *   evictor: tag = none, then pins == 0?  else tag back and another slot
 * Both sides write first and look afterwards, with sequential consistency, so one of them sees the
 * other.  Evicting and filling happen under the reader's lock (struct rootfs), finding does not. */
#ifndef CELLA_ROOTFS_CACHE_PRIV_H
#define CELLA_ROOTFS_CACHE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    CACHE_WAYS = 8,
    CACHE_COUNTERS = 16,
    CACHE_MAPS_PER_SET = 5, /* long-lived pins; three ways always remain for the reader itself */
    CACHE_KEEP_DATA = 1,    /* rounds of the clock hand that a block survives unused */
    CACHE_KEEP_META = 2,
    CACHE_KEEP_HASH = 4,
};

#define CACHE_NO_SLOT UINT32_MAX

struct cache_slot {
    uint64_t tag;  /* block + 1, or 0 */
    uint32_t pins; /* users of the bytes */
    uint16_t keep; /* rounds left */
    uint16_t maps; /* of a set's first slot: how many of the set's slots are mapped by callers */
};

/* Spread over lines of the CPU's cache, so that threads seldom meet in one.  Some hits are lost
 * when they do: the sum is only shown. */
struct cache_hits {
    _Alignas(64) uint64_t count;
};

struct cache {
    struct cache_slot *slots; /* set after set */
    uint8_t *data;            /* slot after slot */
    uint64_t sets;
    struct cache_hits hits[CACHE_COUNTERS];
};

/* Both give a slot with a pin on it, or CACHE_NO_SLOT.  cache_find() needs no lock. */
uint32_t cache_find(struct cache *c, uint64_t block, unsigned keep);
/* An empty slot of the block's set for cache_fill().  Needs: lock. */
uint32_t cache_claim(struct cache *c, uint64_t block);

uint8_t *cache_data(const struct cache *c, uint32_t slot);
/* The slot's bytes are now the verified block; the pin stays.  Needs: lock. */
void cache_fill(struct cache *c, uint32_t slot, uint64_t block, unsigned keep);
void cache_unpin(struct cache *c, uint32_t slot);

/* Turns a pin into a mapping, if the set allows one more. */
bool cache_map(struct cache *c, uint32_t slot);
void cache_unmap(struct cache *c, uint32_t slot);

/* True when the block is there; takes no pin, so it is a hint only. */
bool cache_has(const struct cache *c, uint64_t block);

/* How many times cache_find() found something, about. */
uint64_t cache_hits(const struct cache *c);

#endif
