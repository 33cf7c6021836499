/* SPDX-License-Identifier: Apache-2.0
 * layer.c: see layer.h. */
#include "oci/layer.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "oci/inflate.h"
#include "oci/tar.h"
#include "rootfs/erofs.h"

enum { XATTRS_MAX = 128, TRAILER_MAX = 64 << 20 };

struct layer {
    struct mkroot *m;
    struct tar *tar;
    struct layer_stats *stats;
};

static bool starts_with(struct span s, const char *prefix)
{
    size_t size = strlen(prefix);
    return s.size >= size && memcmp(s.data, prefix, size) == 0;
}

/* "a/b/" is "a/b": the last component, and how many bytes stand in front of it. */
static struct span last_name(struct span path, size_t *front)
{
    while (path.size > 0 && path.data[path.size - 1] == '/')
        path.size--;
    size_t start = path.size;
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    *front = start;
    return span_of(path.data + start, path.size - start);
}

/* The markers that a layer has for what is gone: 1 when the entry was one. */
static int apply_whiteout(struct layer *l, struct span path, struct err *e)
{
    size_t front;
    struct span name = last_name(path, &front);
    if (!starts_with(name, ".wh."))
        return 0;
    l->stats->whiteouts++;
    if (span_equal(name, span_text(".wh..wh..opq"))) {
        int rc = mkroot_clear(l->m, span_of(path.data, front), e);
        return rc ? rc : 1;
    }
    if (starts_with(name, ".wh..wh."))
        return 1; /* other programs' bookkeeping */
    struct span gone = span_of(name.data + 4, name.size - 4);
    if (gone.size == 0 || span_equal(gone, span_text(".")) || span_equal(gone, span_text("..")))
        return fail(e, -EINVAL, "a whiteout of nothing");
    char full[PATH_MAX];
    if (front + gone.size > sizeof full)
        return fail(e, -ENAMETOOLONG, "a path of %zu bytes", front + gone.size);
    if (front)
        memcpy(full, path.data, front);
    memcpy(full + front, gone.data, gone.size);
    int rc = mkroot_remove(l->m, span_of(full, front + gone.size), e);
    return rc ? rc : 1;
}

static uint32_t mode_of(enum tar_type type)
{
    switch (type) {
    case TAR_FILE:
    case TAR_HARD_LINK:
        return S_IFREG;
    case TAR_LINK:
        return S_IFLNK;
    case TAR_CHAR:
        return S_IFCHR;
    case TAR_BLOCK:
        return S_IFBLK;
    case TAR_DIR:
        return S_IFDIR;
    case TAR_FIFO:
        return S_IFIFO;
    }
    return 0;
}

static int copy_content(struct layer *l, struct err *e)
{
    struct tar_piece piece;
    int rc;
    while ((rc = tar_piece(l->tar, &piece, e)) == 1) {
        rc = piece.hole ? mkroot_hole(l->m, piece.hole, e) : mkroot_data(l->m, piece.data, e);
        if (rc)
            return rc;
    }
    return rc ? rc : mkroot_end(l->m, e);
}

static int apply_entry(struct layer *l, const struct tar_entry *t, struct err *e)
{
    struct mkroot_xattr xattrs[XATTRS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < t->xattr_count && count < XATTRS_MAX; i++)
        if (mkroot_keeps_xattr(t->xattrs[i].name))
            xattrs[count++] =
                (struct mkroot_xattr){.name = t->xattrs[i].name, .value = t->xattrs[i].value};
    struct tree_entry entry = {
        .path = t->path,
        .mode = mode_of(t->type) | t->mode,
        .uid = t->uid,
        .gid = t->gid,
        .mtime_s = t->mtime_s,
        .mtime_ns = t->mtime_ns,
        .size = t->size,
        .device = erofs_device(t->major, t->minor),
        .target = t->target,
    };
    if (t->type == TAR_LINK)
        entry.mode = S_IFLNK | 0777; /* Linux gives links no other */
    int rc = mkroot_add(l->m, &entry, xattrs, count, e);
    return rc || t->type != TAR_FILE ? rc : copy_content(l, e);
}

/* An error of the tree names the path itself; one of the archive does not know it. */
static int apply_next(struct layer *l, const struct tar_entry *t, struct err *e)
{
    l->stats->entries++;
    int rc = apply_whiteout(l, t->path, e);
    if (rc)
        return rc < 0 ? rc : 0;
    if (t->type == TAR_HARD_LINK)
        return mkroot_link(l->m, t->path, t->target, e);
    return apply_entry(l, t, e);
}

static int apply_all(struct layer *l, struct err *e)
{
    struct tar_entry entry;
    int rc;
    while ((rc = tar_next(l->tar, &entry, e)) == 1) {
        rc = apply_next(l, &entry, e);
        if (rc)
            return rc;
    }
    return rc;
}

/* What stands behind the archive's end belongs to the layer's digest and to a compressed file's
 * checksum: it is read, and must be little. */
static int drain(struct byte_source in, struct err *e)
{
    uint8_t buffer[4096];
    uint64_t size = 0;
    int64_t n;
    while ((n = in.read(in.ctx, buffer, sizeof buffer, e)) > 0) {
        size += (uint64_t)n;
        if (size > TRAILER_MAX)
            return fail(e, -EFBIG, "more than %d MiB behind the end of the archive",
                        TRAILER_MAX >> 20);
    }
    return (int)n;
}

int layer_apply(struct mkroot *m, struct byte_source in, uint64_t max_size,
                struct layer_stats *stats, struct err *e)
{
    *stats = (struct layer_stats){0};
    struct layer l = {.m = m, .stats = stats};
    struct inflate *f = NULL;
    int rc = inflate_open(&f, in, max_size, e);
    if (rc == 0)
        rc = tar_new(&l.tar, inflate_source(f), e);
    mkroot_next_layer(m);
    if (rc == 0)
        rc = apply_all(&l, e);
    if (rc == 0)
        rc = drain(inflate_source(f), e);
    tar_free(l.tar);
    inflate_close(f);
    return rc;
}
