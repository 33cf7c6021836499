/* SPDX-License-Identifier: Apache-2.0
 * heap_test.c: the heap in an ordinary program, where sanitizers watch its edges. */
#include "enclave/heap.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/test.h"
#include "enclave/fatal.h"
#include "enclave/gate.h"
#include "enclave/hostmem.h"
#include "gate/entry.h"

enum { HEAP_SIZE = 64 * 1024 };

static _Alignas(16) uint8_t g_memory[HEAP_SIZE];
static uint32_t g_seed = 1;
static int g_fatal_is; /* the reason that is expected to end the enclave */

/* What the heap finds around it: only reached when something is wrong or a lock is taken. */
void enclave_fatal(int reason)
{
    exit(reason == g_fatal_is ? 0 : 1);
}

static void start(void)
{
    memset(g_memory, 0xa5, sizeof g_memory); /* what a hostile host left there */
    heap_start(g_memory, sizeof g_memory);
}

static size_t next_random(void)
{
    g_seed = g_seed * 1664525 + 1013904223; /* the same in every run */
    return g_seed >> 8;
}

static bool is_filled(const uint8_t *p, size_t size, uint8_t value)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != value)
            return false;
    return true;
}

TEST(heap_gives_aligned_memory_that_does_not_overlap)
{
    start();
    uint8_t *blocks[64];
    for (size_t i = 0; i < ARRAY_COUNT(blocks); i++) {
        blocks[i] = heap_new(i * 7 + 1);
        REQUIRE(blocks[i]);
        EXPECT_EQ((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, i * 7 + 1);
    }
    for (size_t i = 0; i < ARRAY_COUNT(blocks); i++)
        EXPECT(is_filled(blocks[i], i * 7 + 1, (uint8_t)i));
}

TEST(heap_is_whole_again_when_all_is_freed)
{
    start();
    size_t whole = heap_free_size();
    void *blocks[100];
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < ARRAY_COUNT(blocks); i++)
            blocks[i] = heap_new(next_random() % 400);
        for (size_t i = ARRAY_COUNT(blocks); i > 0; i--) { /* in a random order */
            size_t at = next_random() % i;
            heap_drop(blocks[at]);
            blocks[at] = blocks[i - 1];
        }
        EXPECT_EQ(heap_free_size(), whole);
    }
    void *all = heap_new(whole - 16);
    EXPECT(all != NULL);
    heap_drop(all);
}

TEST(heap_says_null_when_there_is_no_room)
{
    start();
    EXPECT(heap_new(HEAP_SIZE) == NULL);
    EXPECT(heap_new(SIZE_MAX) == NULL);
    EXPECT(heap_new(SIZE_MAX - 8) == NULL);
    int count = 0;
    while (heap_new(1000))
        count++;
    EXPECT(count > 55 && count < 66);
    EXPECT(heap_new(1000) == NULL);
}

TEST(heap_without_memory_gives_nothing)
{
    heap_start(g_memory, 32);
    EXPECT(heap_new(1) == NULL);
    EXPECT_EQ(heap_free_size(), 0);
}

TEST(heap_resize_keeps_the_content)
{
    start();
    size_t whole = heap_free_size();
    uint8_t *p = heap_resize(NULL, 10);
    REQUIRE(p);
    for (size_t size = 10; size < 20000; size = size * 3 / 2) {
        memset(p, (int)(size & 0xff), size);
        uint8_t *q = heap_resize(p, size * 3 / 2);
        REQUIRE(q);
        EXPECT(is_filled(q, size, (uint8_t)size));
        p = q;
    }
    EXPECT(heap_resize(p, (size_t)HEAP_SIZE * 2) == NULL);
    p = heap_resize(p, 1);
    heap_drop(p);
    heap_drop(NULL);
    EXPECT_EQ(heap_free_size(), whole);
}

TEST(heap_resize_moves_when_the_neighbour_is_taken)
{
    start();
    uint8_t *p = heap_new(100);
    void *neighbour = heap_new(100);
    REQUIRE(p && neighbour);
    memset(p, 7, 100);
    uint8_t *q = heap_resize(p, 5000);
    REQUIRE(q);
    EXPECT(q != p);
    EXPECT_EQ(q[99], 7);
}

TEST(heap_ends_the_enclave_on_a_double_free)
{
    start();
    g_fatal_is = GATE_FATAL_HEAP;
    void *p = heap_new(100);
    heap_drop(p);
    heap_drop(p);
    test_failed(__FILE__, __LINE__, "the enclave went on");
}

TEST(heap_ends_the_enclave_on_a_double_free_after_joining)
{
    start();
    g_fatal_is = GATE_FATAL_HEAP;
    void *p = heap_new(100);
    void *q = heap_new(100);
    heap_drop(p);
    heap_drop(q);
    heap_drop(q);
    test_failed(__FILE__, __LINE__, "the enclave went on");
}

TEST(heap_ends_the_enclave_when_a_header_was_overwritten)
{
    start();
    g_fatal_is = GATE_FATAL_HEAP;
    uint8_t *p = heap_new(100);
    REQUIRE(heap_new(100));
    memset(p, 0xff, 130);
    heap_drop(p);
    heap_drop(p + 112);
    test_failed(__FILE__, __LINE__, "the enclave went on");
}
