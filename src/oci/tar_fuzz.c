/* SPDX-License-Identifier: Apache-2.0
 * tar_fuzz.c: hostile layers, down to the tree they make.  Checksums are made right where a header
 * seems to stand, because no fuzzer finds them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/layer.h"
#include "oci/tar.h"
#include "oci/tar_header.h"

struct bytes {
    const uint8_t *data;
    size_t size;
    size_t at;
};

static int64_t read_bytes(void *ctx, void *out, size_t size, struct err *e)
{
    struct bytes *b = ctx;
    (void)e;
    size_t part = b->size - b->at < size ? b->size - b->at : size;
    if (part)
        memcpy(out, b->data + b->at, part);
    b->at += part;
    return (int64_t)part;
}

static void fix_checksums(uint8_t *data, size_t size)
{
    for (size_t at = 0; at + TAR_BLOCK_SIZE <= size; at += TAR_BLOCK_SIZE) {
        char text[16];
        if (memcmp(data + at + 257, "ustar", 5) != 0)
            continue;
        snprintf(text, sizeof text, "%06o", tar_checksum(data + at) & 0777777u);
        memcpy(data + at + 148, text, 7);
        data[at + 155] = ' ';
    }
}

/* What one entry says must fit together, whatever the archive was. */
static void check_content(struct tar *t, const struct tar_entry *entry, struct err *e)
{
    struct tar_piece piece;
    uint64_t sum = 0;
    int rc;
    while ((rc = tar_piece(t, &piece, e)) == 1) {
        sum += piece.hole + piece.data.size;
        if ((piece.hole == 0) == (piece.data.size == 0) || sum > entry->size)
            abort();
    }
    if (rc == 0 && sum != entry->size)
        abort();
}

static void read_through(uint8_t *data, size_t size)
{
    struct bytes b = {.data = data, .size = size};
    struct tar *t;
    struct tar_entry entry;
    struct err e;
    if (tar_new(&t, (struct byte_source){.read = read_bytes, .ctx = &b}, &e))
        return;
    for (int n = 0; tar_next(t, &entry, &e) == 1; n++)
        if (n % 2 == 0)
            check_content(t, &entry, &e);
    tar_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free uint8_t *copy = malloc(size + 1);
    struct mkroot_options o = {.limits = {.max_entries = 300, .max_size = 1 << 22}};
    struct mkroot *m;
    struct layer_stats stats;
    struct err e;
    if (!copy || mkroot_new(&m, &o, &e))
        return 0;
    memcpy(copy, data, size);
    fix_checksums(copy, size);
    read_through(copy, size);
    for (int layer = 0; layer < 2; layer++) { /* again, over itself */
        struct bytes b = {.data = copy, .size = size};
        struct byte_source in = {.read = read_bytes, .ctx = &b};
        if (layer_apply(m, in, 1 << 20, &stats, &e))
            break;
    }
    mkroot_free(m);
    return 0;
}
