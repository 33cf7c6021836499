/* SPDX-License-Identifier: Apache-2.0
 * inflate.c: see inflate.h.  libarchive's filters do the work, without its formats. */
#include "oci/inflate.h"

#include <archive.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 128 * 1024, MAGIC_SIZE = 4 };

struct inflate {
    struct byte_source in;
    struct archive *archive; /* NULL: not compressed */
    uint64_t max_size;
    uint64_t size;  /* given out so far */
    struct err why; /* why `in` failed, behind libarchive's back */
    uint8_t chunk[CHUNK_SIZE];
    size_t first; /* bytes in `chunk` that were read to see the magic */
};

static la_ssize_t feed(struct archive *a, void *ctx, const void **out)
{
    struct inflate *f = ctx;
    *out = f->chunk;
    if (f->first) {
        size_t size = f->first;
        f->first = 0;
        return (la_ssize_t)size;
    }
    int64_t n = f->in.read(f->in.ctx, f->chunk, CHUNK_SIZE, &f->why);
    if (n < 0)
        archive_set_error(a, (int)-n, "%s", f->why.text);
    return n < 0 ? ARCHIVE_FATAL : (la_ssize_t)n;
}

static int failed(struct inflate *f, struct err *e)
{
    if (f->why.code)
        return fail(e, f->why.code, "%s", f->why.text);
    const char *text = archive_error_string(f->archive);
    return fail(e, -EBADMSG, "compressed data are damaged or cut short: %s",
                text ? text : "they end too early");
}

static int64_t inflated(struct inflate *f, void *out, size_t size, struct err *e)
{
    if (f->archive) {
        la_ssize_t n = archive_read_data(f->archive, out, size);
        /* A header that is cut short counts as an empty file there; no layer is empty. */
        bool is_lost = n == 0 && (f->why.code || f->size == 0);
        return n < 0 || is_lost ? failed(f, e) : n;
    }
    if (f->first == 0)
        return f->in.read(f->in.ctx, out, size, e);
    size_t part = f->first < size ? f->first : size;
    memcpy(out, f->chunk, part);
    memmove(f->chunk, f->chunk + part, f->first - part);
    f->first -= part;
    return (int64_t)part;
}

static int64_t read_inflated(void *ctx, void *out, size_t size, struct err *e)
{
    struct inflate *f = ctx;
    int64_t n = inflated(f, out, size, e);
    if (n > 0)
        f->size += (uint64_t)n;
    if (f->max_size && f->size > f->max_size)
        return fail(e, -EFBIG, "more than the %llu uncompressed bytes that are allowed",
                    (unsigned long long)f->max_size);
    return n;
}

struct byte_source inflate_source(struct inflate *f)
{
    return (struct byte_source){.read = read_inflated, .ctx = f};
}

static int archive_begin(struct inflate *f, int filter, struct err *e)
{
    struct archive_entry *entry;
    f->archive = archive_read_new();
    if (!f->archive)
        return fail(e, -ENOMEM, "out of memory");
    if (archive_read_append_filter(f->archive, filter) < ARCHIVE_WARN ||
        archive_read_set_format(f->archive, ARCHIVE_FORMAT_RAW) != ARCHIVE_OK ||
        archive_read_open(f->archive, f, NULL, feed, NULL) != ARCHIVE_OK)
        return failed(f, e);
    int rc = archive_read_next_header(f->archive, &entry);
    return rc == ARCHIVE_OK || rc == ARCHIVE_EOF ? 0 : failed(f, e);
}

/* Reads the first bytes and says which filter they need; 0: none. */
static int look(struct inflate *f, int *filter, struct err *e)
{
    while (f->first < MAGIC_SIZE) {
        int64_t n = f->in.read(f->in.ctx, f->chunk + f->first, CHUNK_SIZE - f->first, e);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        f->first += (size_t)n;
    }
    *filter = 0;
    if (f->first >= 2 && memcmp(f->chunk, "\x1f\x8b", 2) == 0)
        *filter = ARCHIVE_FILTER_GZIP;
    if (f->first >= 4 && memcmp(f->chunk, "\x28\xb5\x2f\xfd", 4) == 0)
        *filter = ARCHIVE_FILTER_ZSTD;
    return 0;
}

int inflate_open(struct inflate **out, struct byte_source in, uint64_t max_size, struct err *e)
{
    struct inflate *f = malloc(sizeof *f);
    if (!f)
        return fail(e, -ENOMEM, "out of memory");
    f->in = in;
    f->archive = NULL;
    f->max_size = max_size;
    f->size = 0;
    f->first = 0;
    f->why.code = 0;
    int filter;
    int rc = look(f, &filter, e);
    if (rc == 0 && filter)
        rc = archive_begin(f, filter, e);
    if (rc) {
        inflate_close(f);
        return rc;
    }
    *out = f;
    return 0;
}

void inflate_close(struct inflate *f)
{
    if (!f)
        return;
    if (f->archive)
        archive_read_free(f->archive);
    free(f);
}
