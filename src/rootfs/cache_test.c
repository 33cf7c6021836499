/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "rootfs/cache_priv.h"
#include "rootfs/rootfs.h"

enum { SETS = 2, SLOTS = SETS * CACHE_WAYS };

static struct cache_slot g_slots[SLOTS];
static uint8_t g_data[SLOTS * ROOTFS_BLOCK_SIZE];
static struct cache g_cache = {.slots = g_slots, .data = g_data, .sets = SETS};

static void put(uint64_t block, unsigned keep)
{
    uint32_t slot = cache_claim(&g_cache, block);
    if (slot == CACHE_NO_SLOT) {
        test_failed(__FILE__, __LINE__, "no slot for %d", (int)block);
        return;
    }
    memset(cache_data(&g_cache, slot), (int)block, ROOTFS_BLOCK_SIZE);
    cache_fill(&g_cache, slot, block, keep);
    cache_unpin(&g_cache, slot);
}

TEST(cache_finds_what_was_filled_in)
{
    EXPECT_EQ(cache_find(&g_cache, 4, 1), CACHE_NO_SLOT);
    put(4, 1);
    uint32_t slot = cache_find(&g_cache, 4, 1);
    REQUIRE(slot != CACHE_NO_SLOT);
    EXPECT_EQ(cache_data(&g_cache, slot)[17], 4);
    cache_unpin(&g_cache, slot);
    EXPECT_EQ(cache_find(&g_cache, 4 + SETS, 1), CACHE_NO_SLOT);
}

TEST(cache_evicts_what_was_not_used_before_what_was)
{
    for (uint64_t i = 0; i < CACHE_WAYS; i++)
        put(i * SETS, 1);
    put(100 * SETS, 1); /* one goes, the others age */
    uint64_t used = 0;
    for (uint64_t i = 0; i < CACHE_WAYS && !used; i++)
        used = cache_has(&g_cache, i * SETS) ? i * SETS : 0;
    cache_unpin(&g_cache, cache_find(&g_cache, used, 1));
    for (uint64_t i = 0; i < CACHE_WAYS - 2; i++)
        put((200 + i) * SETS, 1);
    EXPECT(cache_has(&g_cache, used));
}

TEST(cache_keeps_hash_blocks_longer_than_data)
{
    put(0, CACHE_KEEP_HASH);
    for (uint64_t i = 1; i < 3 * CACHE_WAYS; i++)
        put(i * SETS, CACHE_KEEP_DATA);
    EXPECT(cache_has(&g_cache, 0));
    for (uint64_t i = 1; i < 30 * CACHE_WAYS; i++)
        put((i + 100) * SETS, CACHE_KEEP_DATA);
    EXPECT(!cache_has(&g_cache, 0)); /* but not for ever */
}

TEST(cache_never_evicts_what_is_pinned)
{
    uint32_t pins[CACHE_WAYS];
    for (uint64_t i = 0; i < CACHE_WAYS; i++) {
        put(i * SETS, 1);
        pins[i] = cache_find(&g_cache, i * SETS, 1);
        REQUIRE(pins[i] != CACHE_NO_SLOT);
    }
    EXPECT_EQ(cache_claim(&g_cache, 50 * SETS), CACHE_NO_SLOT);
    cache_unpin(&g_cache, pins[3]);
    uint32_t slot = cache_claim(&g_cache, 50 * SETS);
    EXPECT_EQ(slot, pins[3]);
    EXPECT(!cache_has(&g_cache, 3 * SETS));
}

TEST(cache_limits_the_maps_of_a_set)
{
    uint32_t slots[CACHE_WAYS];
    for (uint64_t i = 0; i < CACHE_WAYS; i++) {
        put(i * SETS, 1);
        slots[i] = cache_find(&g_cache, i * SETS, 1);
        REQUIRE(slots[i] != CACHE_NO_SLOT);
        EXPECT_EQ(cache_map(&g_cache, slots[i]), i < CACHE_MAPS_PER_SET);
    }
    cache_unmap(&g_cache, slots[0]);
    EXPECT(cache_map(&g_cache, slots[CACHE_WAYS - 1]));
}

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;

/* Fills a block in, unless somebody was faster: a pin on it, or CACHE_NO_SLOT. */
static uint32_t fill_in(uint64_t block)
{
    uint32_t slot = CACHE_NO_SLOT;
    pthread_mutex_lock(&g_lock);
    if (!cache_has(&g_cache, block))
        slot = cache_claim(&g_cache, block);
    if (slot != CACHE_NO_SLOT) {
        memset(cache_data(&g_cache, slot), (int)block, ROOTFS_BLOCK_SIZE);
        cache_fill(&g_cache, slot, block, 1);
    }
    pthread_mutex_unlock(&g_lock);
    return slot;
}

/* Looks up random blocks, fills in missing ones, and checks that the bytes are always the block's.
 */
static void *hammer(void *seed)
{
    unsigned random = (unsigned)(uintptr_t)seed;
    uintptr_t wrong = 0;
    for (int i = 0; i < 200000; i++) {
        random = random * 1664525 + 1013904223;
        uint64_t block = random >> 16 & 31;
        uint32_t slot = cache_find(&g_cache, block, 1);
        if (slot == CACHE_NO_SLOT)
            slot = fill_in(block);
        if (slot == CACHE_NO_SLOT)
            continue;
        const uint8_t *data = cache_data(&g_cache, slot);
        wrong += data[0] != block || data[ROOTFS_BLOCK_SIZE - 1] != block;
        cache_unpin(&g_cache, slot);
    }
    return (void *)wrong;
}

TEST(cache_gives_right_bytes_to_racing_threads)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < ARRAY_COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)) == 0);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        EXPECT(wrong == NULL);
    }
    for (size_t i = 0; i < SLOTS; i++)
        EXPECT_EQ(g_slots[i].pins, 0);
}
