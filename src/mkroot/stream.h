/* SPDX-License-Identifier: Apache-2.0
 * stream.h: the image from its first byte to its last: buffered, hashed and written in order.
 * Blocks of zeros are hashed, but left as holes in the file. */
#ifndef CELLA_MKROOT_STREAM_H
#define CELLA_MKROOT_STREAM_H

#include "mkroot/merkle.h"

enum { STREAM_BUFFER_SIZE = 512 * 1024 };

struct stream {
    struct merkle merkle;
    uint8_t *buffer; /* STREAM_BUFFER_SIZE bytes; the first one is at byte `start` of the image */
    size_t used;
    uint64_t start;
};

/* -ENOMEM. */
int stream_init(struct stream *s, int fd, uint64_t data_blocks) MUST_USE;
void stream_fini(struct stream *s);

/* The byte that comes next. */
uint64_t stream_at(const struct stream *s);
/* All return 0 or the negative errno of a write. */
int stream_add(struct stream *s, const void *data, size_t size) MUST_USE;
/* Zeros up to byte `at` of the image. */
int stream_zero_to(struct stream *s, uint64_t at) MUST_USE;
/* Room for at least one byte, to be filled by the caller, who then says how many there are. */
int stream_room(struct stream *s, uint8_t **room, size_t *size) MUST_USE;
void stream_filled(struct stream *s, size_t size);
/* Writes what is left and the hash tree.  Needs: the stream stands at the end of the last block. */
int stream_finish(struct stream *s) MUST_USE;

#endif
