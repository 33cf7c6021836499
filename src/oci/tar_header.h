/* SPDX-License-Identifier: Apache-2.0
 * tar_header.h: one 512-byte header of a tar archive, in the ustar, GNU and old forms.  [TAR]
 *
 *   0 name[100]     124 size[12]       257 magic[6], version[2]   345 prefix[155]  (ustar)
 * 100 mode[8]       136 mtime[12]      265 user[32]               386 sparse[4] of offset[12],
 * 108 uid[8]        148 checksum[8]    297 group[32]                  size[12]   (GNU)
 * 116 gid[8]        156 type           329 major[8]               482 more follow  (GNU)
 *                   157 link[100]      337 minor[8]               483 real size[12]  (GNU)
 *
 * Numbers are octal text, or, when the first bit is set, big-endian in two's complement. */
#ifndef CELLA_OCI_TAR_HEADER_H
#define CELLA_OCI_TAR_HEADER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

enum { TAR_BLOCK_SIZE = 512, TAR_SPARSE_IN_HEADER = 4, TAR_SPARSE_IN_BLOCK = 21 };

struct tar_header {
    struct span name;   /* these borrow from the block */
    struct span prefix; /* empty: none */
    struct span link;
    char type;
    bool is_gnu;
    bool is_old; /* neither ustar nor GNU: no prefix, no devices */
    int64_t mode;
    int64_t uid;
    int64_t gid;
    int64_t size;
    int64_t mtime;
    int64_t major;
    int64_t minor;
};

/* 1, or 0 for a block of zeros.  -EBADMSG for a wrong checksum or a number that is none. */
int tar_header_parse(struct tar_header *h, const uint8_t block[TAR_BLOCK_SIZE],
                     struct err *e) MUST_USE;

/* A numeric field; an empty one is 0.  -EBADMSG. */
int tar_number(struct span field, int64_t *out) MUST_USE;

/* The checksum of a header whose checksum field counts as spaces. */
uint32_t tar_checksum(const uint8_t block[TAR_BLOCK_SIZE]);

#endif
