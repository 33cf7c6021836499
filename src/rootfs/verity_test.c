/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/verity.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/test.h"

TEST(verity_has_the_levels_that_the_number_of_blocks_needs)
{
    static const struct {
        uint64_t blocks;
        uint32_t levels;
        uint64_t tree; /* blocks */
    } cases[] = {
        {1, 0, 0},
        {2, 1, 1},
        {128, 1, 1},
        {129, 2, 3},
        {16384, 2, 129},
        {16385, 3, 132},
        {0xffffffff, 5, 33554432 + 262144 + 2048 + 16 + 1},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct verity v;
        verity_init(&v, cases[i].blocks);
        EXPECT_EQ(v.levels, cases[i].levels);
        EXPECT_EQ(v.end_block, cases[i].blocks + 1 + cases[i].tree);
        if (v.levels > 1)
            EXPECT(v.level_block[0] > v.level_block[1]); /* the top comes first */
        if (v.levels)
            EXPECT_EQ(v.level_block[v.levels - 1], cases[i].blocks + 1);
    }
}

TEST(verity_super_goes_there_and_back)
{
    struct verity v;
    uint8_t raw[VERITY_SUPER_SIZE];
    verity_init(&v, 1000);
    v.salt_size = 3;
    memcpy(v.salt, "abc", 3);
    verity_write(raw, &v);
    struct verity back;
    EXPECT_EQ(verity_parse(&back, span_of(raw, sizeof raw), 1000, NULL), 0);
    EXPECT_EQ(back.levels, 2);
    EXPECT_EQ(back.salt_size, 3);
    EXPECT(memcmp(back.salt, "abc", 3) == 0);
    EXPECT_EQ(verity_parse(&back, span_of(raw, sizeof raw), 1001, NULL), -EBADMSG);
}

TEST(verity_super_refuses_every_other_parameter)
{
    /* signature, version, hash type, algorithm, block sizes, number of blocks, salt size */
    static const size_t fields[] = {0, 8, 12, 32, 38, 64, 68, 72, 79, 81};
    struct verity v;
    uint8_t raw[VERITY_SUPER_SIZE];
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
        verity_init(&v, 1000);
        verity_write(raw, &v);
        raw[fields[i]] ^= 2;
        EXPECT_EQ(verity_parse(&v, span_of(raw, sizeof raw), 1000, NULL), -EBADMSG);
    }
}

TEST(verity_super_refuses_every_truncation)
{
    struct verity v;
    uint8_t raw[VERITY_SUPER_SIZE];
    verity_init(&v, 1000);
    verity_write(raw, &v);
    for (size_t size = 0; size < 88 + VERITY_SALT_MAX; size++) {
        auto_free uint8_t *copy = calloc(1, size + 1);
        REQUIRE(copy);
        memcpy(copy, raw, size);
        EXPECT_EQ(verity_parse(&v, span_of(copy, size), 1000, NULL), -EBADMSG);
    }
}

TEST(verity_hash_puts_the_salt_in_front)
{
    /* printf abc | cat - <(head -c 4096 /dev/zero) | sha256sum, and the same without a salt */
    static const uint8_t zeros[VERITY_BLOCK_SIZE];
    struct verity v;
    uint8_t hash[VERITY_HASH_SIZE];
    char text[2 * VERITY_HASH_SIZE + 1];
    verity_init(&v, 1);
    verity_hash(&v, zeros, hash);
    EXPECT_STR(hex_write(text, span_of(hash, sizeof hash)),
               "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7");
    v.salt_size = 3;
    memcpy(v.salt, "abc", 3);
    verity_hash(&v, zeros, hash);
    EXPECT_STR(hex_write(text, span_of(hash, sizeof hash)),
               "3f37a92ed1a02773d4ebf24b5f4ef02655fc9f05e3414ff099a4d18a0ab01385");
}
