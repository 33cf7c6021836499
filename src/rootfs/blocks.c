/* SPDX-License-Identifier: Apache-2.0
 * blocks.c: blocks from the host into the cache, through the hash tree.
 *
 * All loading is done under the reader's lock.  Data enters `window`, is hashed there and only then
 * copied into a slot, so that a slot with a tag never holds anything else than verified bytes. */
#include <errno.h>
#include <string.h>

#include "rootfs/rootfs_priv.h"

/* Reads and checks `count` blocks at file block `at` in the window against `hashes`.  Returns how
 * many of them, from the first, are good; at least 1. */
static int64_t window_load(struct rootfs *r, uint64_t at, uint64_t count, const uint8_t *hashes)
{
    r->reads++;
    int rc =
        r->config.read(r->config.ctx, at * ROOTFS_BLOCK_SIZE, r->window, count * ROOTFS_BLOCK_SIZE);
    if (rc && count > 1) {
        r->reads++;
        count = 1; /* perhaps only what we did not need is unreadable */
        rc = r->config.read(r->config.ctx, at * ROOTFS_BLOCK_SIZE, r->window, ROOTFS_BLOCK_SIZE);
    }
    if (rc) {
        __atomic_store_n(&r->fault_block, at, __ATOMIC_RELAXED);
        return -EIO;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint8_t found[VERITY_HASH_SIZE];
        verity_hash(&r->verity, r->window + i * ROOTFS_BLOCK_SIZE, found);
        r->loads++;
        if (memcmp(found, hashes + i * VERITY_HASH_SIZE, VERITY_HASH_SIZE) == 0)
            continue;
        if (i > 0)
            return (int64_t)i; /* it will be reported when somebody asks for it */
        r->mismatches++;
        __atomic_store_n(&r->fault_block, at, __ATOMIC_RELAXED);
        return -EBADMSG;
    }
    return (int64_t)count;
}

/* Loads blocks into the cache, the first one with a pin; -EBUSY when there is no place for it. */
static int load(struct rootfs *r, uint64_t at, uint64_t count, const uint8_t *hashes, unsigned keep,
                uint32_t *slot)
{
    *slot = cache_claim(&r->cache, at);
    if (*slot == CACHE_NO_SLOT)
        return -EBUSY;
    int64_t good = window_load(r, at, count, hashes);
    if (good < 0) {
        cache_unpin(&r->cache, *slot);
        return (int)good;
    }
    memcpy(cache_data(&r->cache, *slot), r->window, ROOTFS_BLOCK_SIZE);
    cache_fill(&r->cache, *slot, at, keep);
    for (int64_t i = 1; i < good; i++) {
        uint64_t block = at + (uint64_t)i;
        if (cache_has(&r->cache, block))
            continue;
        uint32_t more = cache_claim(&r->cache, block);
        if (more == CACHE_NO_SLOT)
            continue;
        memcpy(cache_data(&r->cache, more), r->window + i * ROOTFS_BLOCK_SIZE, ROOTFS_BLOCK_SIZE);
        cache_fill(&r->cache, more, block, keep);
        cache_unpin(&r->cache, more);
    }
    return 0;
}

/* The block of level `level` of the tree that covers data block `block`. */
static uint64_t hash_block(const struct verity *v, uint32_t level, uint64_t block)
{
    return v->level_block[level] + (block >> VERITY_FANOUT_BITS * (level + 1));
}

/* Pins the hash block of level 0 over data block `block`, loading what is missing of the path from
 * the root. */
static int path_get(struct rootfs *r, uint64_t block, uint32_t *slot)
{
    const struct verity *v = &r->verity;
    uint32_t level = 0;
    *slot = CACHE_NO_SLOT;
    for (; level < v->levels; level++) {
        *slot = cache_find(&r->cache, hash_block(v, level, block), CACHE_KEEP_HASH);
        if (*slot != CACHE_NO_SLOT)
            break;
    }
    while (level-- > 0) {
        uint8_t hash[VERITY_HASH_SIZE];
        if (*slot == CACHE_NO_SLOT) {
            memcpy(hash, r->config.root_hash, sizeof hash);
        } else {
            uint64_t index = block >> VERITY_FANOUT_BITS * (level + 1) & (VERITY_FANOUT - 1);
            memcpy(hash, cache_data(&r->cache, *slot) + index * VERITY_HASH_SIZE, sizeof hash);
            cache_unpin(&r->cache, *slot);
        }
        int rc = load(r, hash_block(v, level, block), 1, hash, CACHE_KEEP_HASH, slot);
        if (rc)
            return rc;
    }
    return 0;
}

/* Needs: lock. */
static int data_load(struct rootfs *r, uint64_t block, uint64_t count, unsigned keep,
                     uint32_t *slot)
{
    if (r->verity.levels == 0)
        return load(r, block, 1, r->config.root_hash, keep, slot);
    uint32_t hashes;
    int rc = path_get(r, block, &hashes);
    if (rc)
        return rc;
    uint64_t index = block & (VERITY_FANOUT - 1);
    if (count > VERITY_FANOUT - index)
        count = VERITY_FANOUT - index;
    rc =
        load(r, block, count, cache_data(&r->cache, hashes) + index * VERITY_HASH_SIZE, keep, slot);
    cache_unpin(&r->cache, hashes);
    return rc;
}

/* How many blocks to fetch: what is wanted, and more when the blocks before are there already,
 * because then somebody is reading in order. */
static uint64_t fetch_count(const struct rootfs *r, uint64_t block, uint64_t run, uint64_t wanted)
{
    uint64_t count = wanted;
    if (block > 0 && cache_has(&r->cache, block - 1)) {
        bool is_long = block >= READAHEAD_SMALL && cache_has(&r->cache, block - READAHEAD_SMALL);
        uint64_t ahead = is_long ? r->window_blocks : READAHEAD_SMALL;
        count = count > ahead ? count : ahead;
    }
    count = count < run ? count : run;
    count = count < r->window_blocks ? count : r->window_blocks;
    return count > 0 ? count : 1;
}

int blocks_get(struct rootfs *r, uint64_t block, uint64_t run, uint64_t wanted, unsigned keep,
               uint32_t *slot)
{
    if (block >= r->verity.data_blocks)
        return -EUCLEAN;
    *slot = cache_find(&r->cache, block, keep);
    int rc = 0;
    while (*slot == CACHE_NO_SLOT && rc == 0) {
        rootfs_lock(r);
        *slot = cache_find(&r->cache, block, keep); /* somebody may have been faster */
        if (*slot == CACHE_NO_SLOT)
            rc = data_load(r, block, fetch_count(r, block, run, wanted), keep, slot);
        rootfs_unlock(r);
        /* Other threads copy out of every slot of the set at this moment: they need no lock to end.
         */
        if (rc == -EBUSY)
            rc = 0, *slot = CACHE_NO_SLOT;
    }
    return rc;
}

int blocks_copy(struct rootfs *r, uint64_t at, void *out, size_t size)
{
    uint8_t *to = out;
    while (size > 0) {
        uint64_t block = at / ROOTFS_BLOCK_SIZE;
        size_t from = at % ROOTFS_BLOCK_SIZE;
        size_t part = ROOTFS_BLOCK_SIZE - from < size ? ROOTFS_BLOCK_SIZE - from : size;
        if (block >= r->verity.data_blocks)
            return -EUCLEAN;
        uint32_t slot;
        int rc = blocks_get(r, block, r->verity.data_blocks - block, READAHEAD_META,
                            CACHE_KEEP_META, &slot);
        if (rc)
            return rc;
        memcpy(to, cache_data(&r->cache, slot) + from, part);
        cache_unpin(&r->cache, slot);
        to += part;
        at += part;
        size -= part;
    }
    return 0;
}
