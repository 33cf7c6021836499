/* SPDX-License-Identifier: Apache-2.0
 * verity.h: where dm-verity's hash tree lies behind a file system, and its superblock.
 *
 * The file is counted in blocks of 4096 bytes: data_blocks blocks of data, one block that starts
 * with the verity superblock, then the tree, its top level first.  A hash block holds the SHA-256
 * of 128 blocks of the level below, level 0 those of the data; unused places are zero.  A hash is
 * SHA-256(salt, block).  The root hash is that of the top level's only block.  [VERITY]
 *
 * superblock, 512 bytes: 0 "verity\0\0", 8 version 1, 12 hash type 1, 16 uuid[16], 32
 * algorithm[32], 64 data block size, 68 hash block size, 72 data blocks u64, 80 salt size u16, 82
 * zero[6], 88 salt[256], 344 zero[168]. */
#ifndef CELLA_ROOTFS_VERITY_H
#define CELLA_ROOTFS_VERITY_H

#include "base/err.h"
#include "base/span.h"

enum {
    VERITY_BLOCK_SIZE = 4096,
    VERITY_HASH_SIZE = 32,
    VERITY_FANOUT_BITS = 7, /* 128 hashes in a block */
    VERITY_FANOUT = 1 << VERITY_FANOUT_BITS,
    VERITY_SUPER_SIZE = 512,
    VERITY_SALT_MAX = 256,
    VERITY_LEVELS_MAX = 5, /* enough for 2^32 blocks of data */
};

struct verity {
    uint64_t data_blocks;
    uint64_t end_block; /* blocks in the whole file */
    uint32_t levels;    /* 0 when there is one block of data: its hash is the root hash */
    uint64_t level_block[VERITY_LEVELS_MAX]; /* where each level starts; 0 is next to the data */
    uint32_t salt_size;
    uint8_t salt[VERITY_SALT_MAX];
};

/* Lays the tree behind 1 to 2^32 - 1 blocks of data; no salt. */
void verity_init(struct verity *v, uint64_t data_blocks);

/* Reads the superblock that must describe exactly the layout of verity_init() for `data_blocks`;
 * only the salt is free.  -EBADMSG. */
int verity_parse(struct verity *v, struct span super, uint64_t data_blocks, struct err *e) MUST_USE;
void verity_write(uint8_t out[VERITY_SUPER_SIZE], const struct verity *v);

/* The salted hash of one block. */
void verity_hash(const struct verity *v, const uint8_t block[VERITY_BLOCK_SIZE],
                 uint8_t out[VERITY_HASH_SIZE]);

#endif
