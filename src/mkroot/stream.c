/* SPDX-License-Identifier: Apache-2.0
 * stream.c: see stream.h. */
#include "mkroot/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "rootfs/erofs.h"

int stream_init(struct stream *s, int fd, uint64_t data_blocks)
{
    s->used = 0;
    s->start = 0;
    merkle_init(&s->merkle, fd, data_blocks);
    s->buffer = malloc(STREAM_BUFFER_SIZE);
    return s->buffer ? 0 : -ENOMEM;
}

void stream_fini(struct stream *s)
{
    free(s->buffer);
    s->buffer = NULL;
}

uint64_t stream_at(const struct stream *s)
{
    return s->start + s->used;
}

/* Writes the buffer's blocks `from` to `to`, all of them without zeros. */
static int write_run(struct stream *s, size_t from, size_t to)
{
    return from == to ? 0 : pwrite_all(s->merkle.fd, s->buffer + from, to - from, s->start + from);
}

/* Needs: whole blocks in the buffer. */
static int flush(struct stream *s)
{
    if (s->start == 0 && s->used >= EROFS_BLOCK_SIZE)
        erofs_super_seal(s->buffer);
    size_t run = 0;
    for (size_t at = 0; at < s->used; at += EROFS_BLOCK_SIZE) {
        int rc = merkle_add(&s->merkle, s->buffer + at);
        if (rc == 0 && bytes_are_zero(s->buffer + at, EROFS_BLOCK_SIZE)) {
            rc = write_run(s, run, at);
            run = at + EROFS_BLOCK_SIZE;
        }
        if (rc)
            return rc;
    }
    int rc = write_run(s, run, s->used);
    s->start += s->used;
    s->used = 0;
    return rc;
}

int stream_room(struct stream *s, uint8_t **room, size_t *size)
{
    if (s->used == STREAM_BUFFER_SIZE) {
        int rc = flush(s);
        if (rc)
            return rc;
    }
    *room = s->buffer + s->used;
    *size = STREAM_BUFFER_SIZE - s->used;
    return 0;
}

void stream_filled(struct stream *s, size_t size)
{
    s->used += size;
}

int stream_add(struct stream *s, const void *data, size_t size)
{
    const uint8_t *p = data;
    while (size > 0) {
        uint8_t *room;
        size_t part;
        int rc = stream_room(s, &room, &part);
        if (rc)
            return rc;
        part = part < size ? part : size;
        memcpy(room, p, part);
        stream_filled(s, part);
        p += part;
        size -= part;
    }
    return 0;
}

int stream_zero_to(struct stream *s, uint64_t at)
{
    while (stream_at(s) < at) {
        uint8_t *room;
        size_t part;
        int rc = stream_room(s, &room, &part);
        if (rc)
            return rc;
        part = part < at - stream_at(s) ? part : (size_t)(at - stream_at(s));
        memset(room, 0, part);
        stream_filled(s, part);
    }
    return 0;
}

int stream_finish(struct stream *s)
{
    int rc = flush(s);
    return rc ? rc : merkle_finish(&s->merkle);
}
