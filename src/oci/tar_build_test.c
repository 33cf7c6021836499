/* SPDX-License-Identifier: Apache-2.0
 * tar_build_test.c: see tar_test.h. */
#include <stdlib.h>

#include "base/test.h"
#include "oci/tar_header.h"
#include "oci/tar_test.h"

static uint8_t *more(struct archive_bytes *a, size_t size)
{
    uint8_t *bigger = realloc(a->data, a->size + size);
    if (!bigger)
        abort();
    a->data = bigger;
    memset(a->data + a->size, 0, size);
    a->size += size;
    return a->data + a->size - size;
}

static void seal(uint8_t *block)
{
    char text[16];
    snprintf(text, sizeof text, "%06o", tar_checksum(block) & 0777777u);
    memcpy(block + 148, text, 7);
    block[155] = ' ';
}

void tar_put_header(struct archive_bytes *a, const char *name, char type, const char *link,
                    uint64_t size)
{
    uint8_t *b = more(a, TAR_BLOCK_SIZE);
    char text[32];
    memcpy(b, name, strlen(name) < 100 ? strlen(name) : 100);
    memcpy(b + 100, "0000644", 8);
    memcpy(b + 108, "0000000", 8);
    memcpy(b + 116, "0000000", 8);
    snprintf(text, sizeof text, "%011llo", (unsigned long long)size & 077777777777);
    memcpy(b + 124, text, 12);
    memcpy(b + 136, "00000001750", 12); /* 1000 */
    b[156] = (uint8_t)type;
    memcpy(b + 157, link, strlen(link) < 100 ? strlen(link) : 100);
    memcpy(b + 257, "ustar\00000", 8);
    seal(b);
}

void tar_put_data(struct archive_bytes *a, const void *data, size_t size)
{
    uint8_t *b = more(a, (size + TAR_BLOCK_SIZE - 1) / TAR_BLOCK_SIZE * TAR_BLOCK_SIZE);
    if (size)
        memcpy(b, data, size);
}

void tar_put_file(struct archive_bytes *a, const char *name, const char *content)
{
    tar_put_header(a, name, TAR_FILE, "", strlen(content));
    tar_put_data(a, content, strlen(content));
}

void tar_put_pax(struct archive_bytes *a, char type, const char *const *records, size_t count)
{
    char text[8192];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size_t body = strlen(records[i]) + 2; /* the space and the newline */
        size_t length = body + 1;
        while ((size_t)snprintf(NULL, 0, "%zu", length) + body != length)
            length = (size_t)snprintf(NULL, 0, "%zu", length) + body;
        int n = snprintf(text + size, sizeof text - size, "%zu %s\n", length, records[i]);
        size += (size_t)n;
    }
    tar_put_header(a, "PaxHeaders/x", type, "", size);
    tar_put_data(a, text, size);
}

void tar_put_end(struct archive_bytes *a)
{
    more(a, (size_t)2 * TAR_BLOCK_SIZE);
}

void tar_patch(struct archive_bytes *a, size_t at, const void *bytes, size_t size)
{
    uint8_t *block = a->data + a->size - TAR_BLOCK_SIZE;
    memcpy(block + at, bytes, size);
    seal(block);
}

static int64_t read_bytes(void *ctx, void *out, size_t size, struct err *e)
{
    struct archive_bytes *a = ctx;
    (void)e;
    size_t part = a->size - a->at < size ? a->size - a->at : size;
    if (a->step && part > a->step)
        part = a->step;
    if (part)
        memcpy(out, a->data + a->at, part);
    a->at += part;
    return (int64_t)part;
}

struct byte_source tar_bytes(struct archive_bytes *a)
{
    a->at = 0;
    return (struct byte_source){.read = read_bytes, .ctx = a};
}

void tar_bytes_free(struct archive_bytes *a)
{
    free(a->data);
    *a = (struct archive_bytes){0};
}
