/* SPDX-License-Identifier: Apache-2.0
 * pages_test.c: the sparse array against a plain one. */
#include "base/test.h"
#include "libos/vfs/pages.h"

enum { SLOTS = 5000 };

static unsigned g_dropped;

static void drop(uint64_t value)
{
    g_dropped += value != 0;
}

TEST(an_empty_tree_has_nothing_anywhere)
{
    struct page_tree t = {0};
    EXPECT_EQ(pages_get(&t, 0), 0);
    EXPECT_EQ(pages_get(&t, UINT64_MAX), 0);
    pages_cut(&t, 0, drop);
}

TEST(slots_far_apart_are_found_again)
{
    struct page_tree t = {0};
    for (unsigned bit = 0; bit < 52; bit++)
        EXPECT_EQ(pages_set(&t, (uint64_t)1 << bit, bit + 1), 0);
    for (unsigned bit = 0; bit < 52; bit++)
        EXPECT_EQ(pages_get(&t, (uint64_t)1 << bit), bit + 1);
    EXPECT_EQ(t.count, 52);
    g_dropped = 0;
    pages_cut(&t, 0, drop);
    EXPECT_EQ(g_dropped, 52);
    EXPECT_EQ(t.count, 0);
}

TEST(cutting_keeps_what_lies_below)
{
    static uint64_t plain[SLOTS];
    struct page_tree t = {0};
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t index = (seed >> 33) % SLOTS;
        if (round % 500 == 499) {
            pages_cut(&t, index, drop);
            for (uint64_t n = index; n < SLOTS; n++)
                plain[n] = 0;
        } else {
            plain[index] = seed | 1;
            REQUIRE(pages_set(&t, index, seed | 1) == 0);
        }
    }
    uint64_t count = 0;
    for (uint64_t n = 0; n < SLOTS; n++) {
        EXPECT_EQ(pages_get(&t, n), plain[n]);
        count += plain[n] != 0;
    }
    EXPECT_EQ(t.count, count);
    pages_cut(&t, 0, drop);
}
