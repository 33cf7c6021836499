/* SPDX-License-Identifier: Apache-2.0
 * tar_header.c: see tar_header.h. */
#include "oci/tar_header.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/cursor.h"

enum { CHECKSUM_AT = 148, CHECKSUM_SIZE = 8 };

static int number_binary(struct span field, int64_t *out)
{
    bool negative = field.data[0] & 0x40;
    uint64_t value = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < field.size; i++) {
        uint8_t byte = field.data[i];
        if (i == 0)
            byte = negative ? byte | 0x80 : byte & 0x7f;
        uint64_t lost = value >> 55; /* must be only signs */
        if (lost != (negative ? 0x1ff : 0))
            return -EBADMSG;
        value = value << 8 | byte;
    }
    *out = (int64_t)value;
    return (*out < 0) == negative ? 0 : -EBADMSG;
}

int tar_number(struct span field, int64_t *out)
{
    *out = 0;
    if (field.size && field.data[0] & 0x80)
        return number_binary(field, out);
    size_t i = 0;
    while (i < field.size && field.data[i] == ' ')
        i++;
    uint64_t value = 0;
    for (; i < field.size && field.data[i] >= '0' && field.data[i] <= '7'; i++) {
        if (value >> 60)
            return -EBADMSG;
        value = value << 3 | (unsigned)(field.data[i] - '0');
    }
    for (; i < field.size; i++) /* whatever ends it: nothing but spaces and zeros */
        if (field.data[i] != ' ' && field.data[i] != 0)
            return -EBADMSG;
    *out = (int64_t)value;
    return 0;
}

uint32_t tar_checksum(const uint8_t block[TAR_BLOCK_SIZE])
{
    uint32_t sum = CHECKSUM_SIZE * ' ';
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
        if (i < CHECKSUM_AT || i >= CHECKSUM_AT + CHECKSUM_SIZE)
            sum += block[i];
    return sum;
}

/* Some old programs added the bytes as signed numbers. */
static int64_t signed_checksum(const uint8_t block[TAR_BLOCK_SIZE])
{
    int64_t sum = tar_checksum(block);
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
        if ((i < CHECKSUM_AT || i >= CHECKSUM_AT + CHECKSUM_SIZE) && block[i] >= 128)
            sum -= 256;
    return sum;
}

static struct span text(struct span field)
{
    const uint8_t *zero = field.size ? memchr(field.data, 0, field.size) : NULL;
    return zero ? span_of(field.data, (size_t)(zero - field.data)) : field;
}

static bool take_number(struct cursor *c, size_t size, int64_t *out)
{
    return tar_number(cursor_span(c, size), out) == 0;
}

int tar_header_parse(struct tar_header *h, const uint8_t block[TAR_BLOCK_SIZE], struct err *e)
{
    int64_t sum;
    if (bytes_are_zero(block, TAR_BLOCK_SIZE))
        return 0;
    if (tar_number(span_of(block + CHECKSUM_AT, CHECKSUM_SIZE), &sum) ||
        (sum != tar_checksum(block) && sum != signed_checksum(block)))
        return fail(e, -EBADMSG, "tar: a header whose checksum is wrong");
    struct cursor c = cursor_over(span_of(block, TAR_BLOCK_SIZE));
    h->name = text(cursor_span(&c, 100));
    bool fine = take_number(&c, 8, &h->mode);
    fine &= take_number(&c, 8, &h->uid);
    fine &= take_number(&c, 8, &h->gid);
    fine &= take_number(&c, 12, &h->size);
    fine &= take_number(&c, 12, &h->mtime);
    cursor_span(&c, CHECKSUM_SIZE);
    h->type = (char)cursor_u8(&c);
    h->link = text(cursor_span(&c, 100));
    struct span magic = cursor_span(&c, 8);
    h->is_gnu = memcmp(magic.data, "ustar  ", 8) == 0;
    h->is_old = memcmp(magic.data, "ustar", 5) != 0;
    cursor_span(&c, 64); /* names of user and group */
    h->major = 0;
    h->minor = 0;
    if (!h->is_old) {
        fine &= take_number(&c, 8, &h->major);
        fine &= take_number(&c, 8, &h->minor);
    }
    h->prefix = h->is_old || h->is_gnu ? span_of(NULL, 0) : text(cursor_span(&c, 155));
    return fine ? 1 : fail(e, -EBADMSG, "tar: a header with a number that is none");
}
