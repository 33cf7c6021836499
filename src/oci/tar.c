/* SPDX-License-Identifier: Apache-2.0
 * tar.c: see tar.h. */
#include "oci/tar.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci/tar_header.h"
#include "oci/tar_pax.h"
#include "oci/tar_sparse.h"

enum {
    BUFFER_SIZE = 128 * 1024,
    EXTENDED_MAX = 1024 * 1024, /* bytes of one extended header, and of all global ones together */
    NAME_ROOM = 100 + 155 + 2,
    META_MAX = 64, /* headers about one entry: an archive of nothing else never ends */
};

struct text { /* of extended headers and long names */
    uint8_t *data;
    size_t size;
};

struct tar {
    struct byte_source in;
    uint8_t *buffer;
    size_t at;
    size_t have;
    bool at_end;
    struct text global;
    struct text local;
    struct text long_name;
    struct text long_link;
    struct pax pax; /* of the entry at hand */
    struct sparse_map map;
    uint64_t left;    /* bytes of the entry that are still in the archive */
    uint64_t padding; /* behind them */
    bool is_sparse;
    size_t piece;       /* the next one of the map */
    uint64_t position;  /* in the file */
    uint64_t real_size; /* of it */
    char name[NAME_ROOM];
};

int tar_new(struct tar **out, struct byte_source in, struct err *e)
{
    struct tar *t = calloc(1, sizeof *t);
    if (t)
        t->buffer = malloc(BUFFER_SIZE);
    if (!t || !t->buffer) {
        free(t);
        return fail(e, -ENOMEM, "out of memory");
    }
    t->in = in;
    *out = t;
    return 0;
}

static void text_free(struct text *x)
{
    free(x->data);
    *x = (struct text){0};
}

void tar_free(struct tar *t)
{
    if (!t)
        return;
    text_free(&t->global);
    text_free(&t->local);
    text_free(&t->long_name);
    text_free(&t->long_link);
    sparse_fini(&t->map);
    free(t->buffer);
    free(t);
}

static int truncated(struct err *e)
{
    return fail(e, -EBADMSG, "tar: the archive ends in the middle of an entry");
}

/* Makes at least `size` bytes (at most BUFFER_SIZE) lie in the buffer, or as many as there are. */
static int fill(struct tar *t, size_t size, struct err *e)
{
    if (t->have - t->at < size && t->at > 0) {
        memmove(t->buffer, t->buffer + t->at, t->have - t->at);
        t->have -= t->at;
        t->at = 0;
    }
    while (t->have - t->at < size && !t->at_end) {
        int64_t n = t->in.read(t->in.ctx, t->buffer + t->have, BUFFER_SIZE - t->have, e);
        if (n < 0)
            return (int)n;
        t->at_end = n == 0;
        t->have += (size_t)n;
    }
    return 0;
}

/* Takes up to `size` bytes, at least one; they stay in the buffer until the next fill(). */
static int take(struct tar *t, uint64_t size, struct span *out, struct err *e)
{
    int rc = fill(t, 1, e);
    if (rc)
        return rc;
    size_t there = t->have - t->at;
    if (there == 0)
        return truncated(e);
    *out = span_of(t->buffer + t->at, there < size ? there : (size_t)size);
    t->at += out->size;
    return 0;
}

static int skip(struct tar *t, uint64_t size, struct err *e)
{
    while (size > 0) {
        struct span passed = {0};
        int rc = take(t, size, &passed, e);
        if (rc)
            return rc;
        size -= passed.size;
    }
    return 0;
}

/* The next block, which stays in the buffer: 1, or 0 when the archive ends here. */
static int take_block(struct tar *t, const uint8_t **out, struct err *e)
{
    int rc = fill(t, TAR_BLOCK_SIZE, e);
    if (rc)
        return rc;
    if (t->have == t->at)
        return 0;
    if (t->have - t->at < TAR_BLOCK_SIZE)
        return truncated(e);
    *out = t->buffer + t->at;
    t->at += TAR_BLOCK_SIZE;
    return 1;
}

static uint64_t padding_of(uint64_t size)
{
    return (TAR_BLOCK_SIZE - size % TAR_BLOCK_SIZE) % TAR_BLOCK_SIZE;
}

/* Reads the body of an extended header behind what is in `x` already. */
static int read_text(struct tar *t, int64_t size, struct text *x, struct err *e)
{
    if (size < 0 || size > EXTENDED_MAX || x->size + (size_t)size > EXTENDED_MAX)
        return fail(e, -E2BIG, "tar: an extended header of %lld bytes, at most %d are accepted",
                    (long long)size, EXTENDED_MAX);
    uint8_t *bigger = realloc(x->data, x->size + (size_t)size + 1);
    if (!bigger)
        return fail(e, -ENOMEM, "out of memory");
    x->data = bigger;
    for (uint64_t left = (uint64_t)size; left > 0;) {
        struct span part = {0};
        int rc = take(t, left, &part, e);
        if (rc)
            return rc;
        memcpy(x->data + x->size, part.data, part.size);
        x->size += part.size;
        left -= part.size;
    }
    x->data[x->size] = 0;
    return skip(t, padding_of((uint64_t)size), e);
}

static int read_anew(struct tar *t, int64_t size, struct text *x, struct err *e)
{
    x->size = 0;
    return read_text(t, size, x, e);
}

/* A header about the next one: 1 when it was one. */
static int take_meta(struct tar *t, const struct tar_header *h, struct err *e)
{
    int rc;
    if (h->type == 'x' || h->type == 'X')
        rc = read_anew(t, h->size, &t->local, e);
    else if (h->type == 'g')
        rc = read_text(t, h->size, &t->global, e);
    else if (h->type == 'L')
        rc = read_anew(t, h->size, &t->long_name, e);
    else if (h->type == 'K')
        rc = read_anew(t, h->size, &t->long_link, e);
    else if (h->type == 'V') /* the volume's name */
        rc = h->size < 0 ? truncated(e)
                         : skip(t, (uint64_t)h->size + padding_of((uint64_t)h->size), e);
    else
        return 0;
    return rc ? rc : 1;
}

static struct span text_name(const struct text *x)
{
    return span_of(x->data, strlen((const char *)x->data));
}

static struct span joined_name(struct tar *t, const struct tar_header *h)
{
    size_t size = h->prefix.size;
    if (size) {
        memcpy(t->name, h->prefix.data, size);
        t->name[size++] = '/';
    }
    if (h->name.size)
        memcpy(t->name + size, h->name.data, h->name.size);
    return span_of(t->name, size + h->name.size);
}

/* Links borrow from the header's block, which the next read overwrites: a copy behind the name. */
static int set_names(struct tar *t, const struct tar_header *h, struct tar_entry *out,
                     struct err *e)
{
    out->path = t->pax.has_path ? t->pax.path : joined_name(t, h);
    if (t->long_name.size)
        out->path = text_name(&t->long_name);
    if (t->pax.has_sparse_name)
        out->path = t->pax.sparse_name;
    if (h->type != TAR_HARD_LINK && h->type != TAR_LINK)
        return 0;
    if (!t->long_link.size && !t->pax.has_link) {
        uint8_t *copy = realloc(t->long_link.data, h->link.size + 1);
        if (!copy)
            return fail(e, -ENOMEM, "out of memory");
        memcpy(copy, h->link.data, h->link.size);
        copy[h->link.size] = 0;
        t->long_link.data = copy;
        t->long_link.size = h->link.size + 1;
    }
    out->target = t->long_link.size ? text_name(&t->long_link) : t->pax.link;
    return 0;
}

static int set_type(const struct tar_header *h, struct tar_entry *out, struct err *e)
{
    bool slash = out->path.size > 0 && out->path.data[out->path.size - 1] == '/';
    switch (h->type) {
    case 0:
        out->type = slash ? TAR_DIR : TAR_FILE; /* as programs did before there was a type '5' */
        return 0;
    case '0':
    case '7':
    case 'S':
        out->type = TAR_FILE;
        return 0;
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
        out->type = (enum tar_type)h->type;
        return 0;
    default:
        return fail(e, -ENOTSUP, "tar: an entry of type %d, which no file system holds",
                    (unsigned char)h->type);
    }
}

static int set_owner(const struct tar *t, const struct tar_header *h, struct tar_entry *out,
                     struct err *e)
{
    uint64_t uid = t->pax.has_uid ? t->pax.uid : (uint64_t)h->uid;
    uint64_t gid = t->pax.has_gid ? t->pax.gid : (uint64_t)h->gid;
    if (uid > UINT32_MAX || gid > UINT32_MAX)
        return fail(e, -EBADMSG, "tar: an owner that is no number of 32 bits");
    if (h->major < 0 || h->major > 0xfff || h->minor < 0 || h->minor > 0xfffff)
        return fail(e, -EBADMSG, "tar: a device number that Linux does not have");
    out->uid = (uint32_t)uid;
    out->gid = (uint32_t)gid;
    out->major = (uint32_t)h->major;
    out->minor = (uint32_t)h->minor;
    out->mode = (uint32_t)h->mode & 07777;
    out->mtime_s = t->pax.has_mtime ? t->pax.mtime_s : h->mtime;
    out->mtime_ns = t->pax.has_mtime ? t->pax.mtime_ns : 0;
    out->xattrs = t->pax.xattrs;
    out->xattr_count = t->pax.xattr_count;
    return 0;
}

static int add_pieces(struct tar *t, const uint8_t *at, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++, at += 24) {
        int64_t offset;
        int64_t size;
        if (at[0] == 0)
            return 0; /* the rest is not used */
        if (tar_number(span_of(at, 12), &offset) || tar_number(span_of(at + 12, 12), &size) ||
            offset < 0 || size < 0)
            return fail(e, -EBADMSG, "tar: a sparse file's map with a number that is none");
        int rc = sparse_add(&t->map, (uint64_t)offset, (uint64_t)size, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* The old GNU form: four pieces in the header, 21 in each block that follows it. */
static int read_gnu_map(struct tar *t, const uint8_t *block, struct err *e)
{
    int64_t real_size;
    if (tar_number(span_of(block + 483, 12), &real_size) || real_size < 0)
        return fail(e, -EBADMSG, "tar: a sparse file without a size");
    t->real_size = (uint64_t)real_size;
    bool more = block[482] != 0;
    int rc = add_pieces(t, block + 386, TAR_SPARSE_IN_HEADER, e);
    while (rc == 0 && more) {
        rc = take_block(t, &block, e);
        if (rc <= 0)
            return rc ? rc : truncated(e);
        more = block[504] != 0;
        rc = add_pieces(t, block, TAR_SPARSE_IN_BLOCK, e);
    }
    return rc;
}

/* One line with a decimal number, of the map in front of the data.  *used counts its bytes. */
static int read_line(struct tar *t, uint64_t *used, uint64_t *out, struct err *e)
{
    uint8_t digits[20];
    size_t size = 0;
    for (;;) {
        struct span byte = {0};
        if (*used >= t->left)
            return truncated(e);
        int rc = take(t, 1, &byte, e);
        if (rc)
            return rc;
        ++*used;
        if (byte.data[0] == '\n')
            break;
        if (size == sizeof digits)
            return fail(e, -EBADMSG, "tar: a sparse file's map with a number that is none");
        digits[size++] = byte.data[0];
    }
    if (pax_number(span_of(digits, size), out))
        return fail(e, -EBADMSG, "tar: a sparse file's map with a number that is none");
    return 0;
}

/* Sparse format 1.0: the map stands in front of the data, padded to a whole block. */
static int read_map_in_data(struct tar *t, struct err *e)
{
    uint64_t used = 0;
    uint64_t count;
    int rc = read_line(t, &used, &count, e);
    for (uint64_t i = 0; rc == 0 && i < count; i++) {
        uint64_t offset;
        uint64_t size;
        rc = read_line(t, &used, &offset, e);
        if (rc == 0)
            rc = read_line(t, &used, &size, e);
        if (rc == 0)
            rc = sparse_add(&t->map, offset, size, e);
    }
    if (rc)
        return rc;
    uint64_t pad = padding_of(used);
    if (pad > t->left - used)
        return truncated(e);
    t->left -= used + pad;
    return skip(t, pad, e);
}

static int set_sparse(struct tar *t, const struct tar_header *h, const uint8_t *block,
                      struct err *e)
{
    int rc = 0;
    t->is_sparse = true;
    t->real_size = t->pax.real_size;
    if (h->type == 'S') {
        t->map.count = 0;
        rc = read_gnu_map(t, block, e);
    } else if (t->pax.sparse_major == 1 && t->pax.sparse_minor == 0) {
        t->map.count = 0;
        rc = read_map_in_data(t, e);
    } else if (!t->pax.has_map || t->pax.sparse_major != 0) {
        rc = fail(e, -ENOTSUP, "tar: a sparse file in a form that is not known");
    }
    return rc ? rc : sparse_check(&t->map, t->real_size, t->left, e);
}

/* Where the content stands.  Needs: set_type(). */
static int set_content(struct tar *t, const struct tar_header *h, const uint8_t *block,
                       struct tar_entry *out, struct err *e)
{
    if (h->size < 0)
        return fail(e, -EBADMSG, "tar: a negative size");
    t->position = 0;
    t->piece = 0;
    t->is_sparse = false;
    /* Other types have no data, whatever their size says: as Go's reader has it, which unpacks most
     * images elsewhere. */
    t->left = out->type != TAR_FILE ? 0 : t->pax.has_size ? t->pax.size : (uint64_t)h->size;
    if (t->left > INT64_MAX)
        return fail(e, -EBADMSG, "tar: a size beyond 2^63");
    t->padding = padding_of(t->left);
    t->real_size = t->left;
    int rc = 0;
    bool sparse = h->type == 'S' || t->pax.has_real_size || t->pax.has_map;
    if (out->type == TAR_FILE && sparse)
        rc = set_sparse(t, h, block, e);
    out->size = out->type == TAR_FILE ? t->real_size : 0;
    return rc;
}

/* Passes over what is left of the last entry and forgets what was said about it. */
static int forget(struct tar *t, struct err *e)
{
    int rc = skip(t, t->left, e);
    if (rc == 0)
        rc = skip(t, t->padding, e);
    t->left = 0;
    t->padding = 0;
    t->local.size = 0;
    t->long_name.size = 0;
    t->long_link.size = 0;
    t->map.count = 0;
    t->is_sparse = false;
    return rc;
}

/* The header of the next entry, with everything said about it before: 1, 0 at the end. */
static int next_header(struct tar *t, struct tar_header *h, const uint8_t **block, struct err *e)
{
    for (int seen = 0; seen < META_MAX; seen++) {
        int rc = take_block(t, block, e);
        if (rc == 1)
            rc = tar_header_parse(h, *block, e);
        if (rc == 0 && seen > 0)
            return truncated(e); /* headers about an entry that does not come */
        if (rc != 1)
            return rc;
        rc = take_meta(t, h, e);
        if (rc != 1)
            return rc < 0 ? rc : 1;
    }
    return fail(e, -E2BIG, "tar: more than %d headers about one entry", META_MAX);
}

int tar_next(struct tar *t, struct tar_entry *out, struct err *e)
{
    struct tar_header h;
    const uint8_t *block;
    *out = (struct tar_entry){0};
    int rc = forget(t, e);
    if (rc == 0)
        rc = next_header(t, &h, &block, e);
    if (rc <= 0)
        return rc;
    t->pax = (struct pax){0};
    rc = pax_parse(&t->pax, &t->map, span_of(t->global.data, t->global.size), e);
    if (rc == 0)
        rc = pax_parse(&t->pax, &t->map, span_of(t->local.data, t->local.size), e);
    if (rc == 0)
        rc = set_names(t, &h, out, e);
    if (rc == 0)
        rc = set_type(&h, out, e);
    if (rc == 0)
        rc = set_owner(t, &h, out, e);
    if (rc == 0)
        rc = set_content(t, &h, block, out, e);
    return rc ? rc : 1;
}

static int next_data(struct tar *t, uint64_t most, struct tar_piece *out, struct err *e)
{
    int rc = take(t, most < t->left ? most : t->left, &out->data, e);
    if (rc)
        return rc;
    t->left -= out->data.size;
    t->position += out->data.size;
    return 1;
}

int tar_piece(struct tar *t, struct tar_piece *out, struct err *e)
{
    *out = (struct tar_piece){.hole = 0};
    if (!t->is_sparse)
        return t->left ? next_data(t, t->left, out, e) : 0;
    while (t->piece < t->map.count &&
           t->position == t->map.pieces[t->piece].offset + t->map.pieces[t->piece].size)
        t->piece++;
    uint64_t next = t->piece < t->map.count ? t->map.pieces[t->piece].offset : t->real_size;
    if (t->position < next) {
        out->hole = next - t->position;
        t->position = next;
        return 1;
    }
    if (t->piece == t->map.count)
        return 0;
    const struct sparse_piece *p = &t->map.pieces[t->piece];
    return next_data(t, p->offset + p->size - t->position, out, e);
}
