/* SPDX-License-Identifier: Apache-2.0
 * merkle.h: writes a hash tree behind an image while the image's blocks go by. */
#ifndef CELLA_MKROOT_MERKLE_H
#define CELLA_MKROOT_MERKLE_H

#include "rootfs/verity.h"

struct merkle_level {
    uint8_t block[VERITY_BLOCK_SIZE];
    size_t count; /* hashes in `block` */
    uint64_t at;  /* where it will be written, in blocks */
};

struct merkle {
    struct verity verity;
    int fd; /* of the image; only written at the tree's places */
    uint8_t root[VERITY_HASH_SIZE];
    struct merkle_level levels[VERITY_LEVELS_MAX];
};

/* The tree for `data_blocks` blocks, without salt. */
void merkle_init(struct merkle *m, int fd, uint64_t data_blocks);
/* Takes the next block of the image; 0 or the negative errno of a write. */
int merkle_add(struct merkle *m, const uint8_t block[VERITY_BLOCK_SIZE]) MUST_USE;
/* After the last block: writes what is left and the verity superblock; m->root is the root hash. */
int merkle_finish(struct merkle *m) MUST_USE;

/* Writes all of it at `at`, in bytes; 0 or a negative errno. */
int pwrite_all(int fd, const void *data, size_t size, uint64_t at) MUST_USE;

#endif
