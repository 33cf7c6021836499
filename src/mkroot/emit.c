/* SPDX-License-Identifier: Apache-2.0
 * emit.c: writes a laid out tree, from the first byte of the image to the last. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "mkroot/mkroot_priv.h"
#include "mkroot/stream.h"
#include "posix/file.h"
#include "rootfs/erofs.h"

enum { PROGRESS_STEP = 4 << 20 }; /* bytes between two calls */

struct emitter {
    struct mkroot *m;
    struct layout *l;
    struct stream stream;
    uint64_t shown; /* progress, bytes */
};

static int write_failed(const struct emitter *em, int rc, struct err *e)
{
    return rc ? fail(e, rc, "%s: cannot be written: %s", em->m->target, strerror(-rc)) : 0;
}

static void progress(struct emitter *em, uint64_t least_step)
{
    uint64_t at = stream_at(&em->stream);
    if (!em->m->options.progress || at - em->shown < least_step)
        return;
    em->shown = at;
    em->m->options.progress(em->m->options.progress_ctx, at, em->l->blocks * EROFS_BLOCK_SIZE);
}

struct room { /* to be filled */
    uint8_t *data;
    size_t size;
};

/* Opens the file of an inode in the scanned directory, and makes sure that it is still the one. */
static int source_open(const struct mkroot *m, const struct tree_inode *i, struct err *e)
{
    char path[PATH_MAX];
    int rc = tree_path(i->node, path, sizeof path);
    if (rc)
        return fail(e, rc, "%s: a path below it is longer than %d bytes", m->source, PATH_MAX - 1);
    auto_fd fd = openat(m->source_fd, path + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(e, -errno, "%s%s: cannot be read: %s", m->source, path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fail(e, -errno, "%s%s: cannot be read: %s", m->source, path, strerror(errno));
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != i->size ||
        st.st_mtim.tv_sec != i->mtime_s || st.st_mtim.tv_nsec != i->mtime_ns)
        return fail(e, -EAGAIN,
                    "%s%s: changed while it was read; try again when nothing writes to "
                    "the directory",
                    m->source, path);
    return take_fd(&fd);
}

/* Up to room.size bytes at `at` of a file into `room`, at least 1. */
static int64_t source_read(const struct mkroot *m, const struct tree_inode *i, int fd,
                           struct room room, uint64_t at, struct err *e)
{
    if (i->data == TREE_SPOOLED)
        return spool_read(&m->spool, room.data, room.size, i->data_at + at, e);
    ssize_t n;
    do
        n = pread(fd, room.data, room.size, (off_t)at);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return n;
    int rc = n < 0 ? -errno : -EAGAIN;
    char path[PATH_MAX] = "/?";
    ignore(tree_path(i->node, path, sizeof path));
    return fail(e, rc, "%s%s: %s", m->source, path,
                n < 0 ? strerror(-rc) : "became shorter while it was read");
}

/* Bytes `at` to `end` of a regular file. */
static int file_range(struct emitter *em, const struct tree_inode *i, uint64_t at, uint64_t end,
                      struct err *e)
{
    if (i->data == TREE_NO_DATA)
        return write_failed(em, stream_zero_to(&em->stream, stream_at(&em->stream) + end - at), e);
    auto_fd fd = -1;
    if (i->data == TREE_ON_DISK && (fd = source_open(em->m, i, e)) < 0)
        return fd;
    while (at < end) {
        struct room room;
        int rc = stream_room(&em->stream, &room.data, &room.size);
        if (rc)
            return write_failed(em, rc, e);
        room.size = room.size < end - at ? room.size : (size_t)(end - at);
        int64_t n = source_read(em->m, i, fd, room, at, e);
        if (n < 0)
            return (int)n;
        stream_filled(&em->stream, (size_t)n);
        at += (uint64_t)n;
        progress(em, PROGRESS_STEP);
    }
    return 0;
}

enum { DIR_ENTRIES_MAX = EROFS_BLOCK_SIZE / EROFS_DIRENT_SIZE };

/* One block of a directory: entries in front, names behind. */
struct dir_block {
    uint8_t bytes[EROFS_BLOCK_SIZE];
    size_t count;
    struct span names[DIR_ENTRIES_MAX + 1];
    const struct tree_inode *inodes[DIR_ENTRIES_MAX + 1];
};

static size_t dir_block_write(struct dir_block *b)
{
    size_t name_at = b->count * EROFS_DIRENT_SIZE;
    memset(b->bytes, 0, sizeof b->bytes);
    for (size_t i = 0; i < b->count; i++) {
        uint8_t *raw = b->bytes + i * EROFS_DIRENT_SIZE;
        put_le64(raw, b->inodes[i]->nid);
        put_le16(raw + 8, (uint16_t)name_at);
        raw[10] = erofs_type_of_mode(b->inodes[i]->mode);
        memcpy(b->bytes + name_at, b->names[i].data, b->names[i].size);
        name_at += b->names[i].size;
    }
    return name_at;
}

/* The next block of a directory; its size, 0 at the end. */
static size_t dir_block_fill(struct dir_block *b, struct dir_walk *w)
{
    size_t used = 0;
    struct dir_walk next = *w;
    b->count = 0;
    while (dir_walk_next(&next, &b->names[b->count], &b->inodes[b->count])) {
        used += EROFS_DIRENT_SIZE + b->names[b->count].size;
        if (used > EROFS_BLOCK_SIZE)
            break;
        b->count++;
        *w = next;
    }
    return b->count ? dir_block_write(b) : 0;
}

/* Writes the full blocks of a directory, or only what is behind them. */
static int dir_content(struct emitter *em, const struct tree_inode *i, bool tail, struct err *e)
{
    auto_free struct dir_block *b = malloc(sizeof *b);
    if (!b)
        return fail(e, -ENOMEM, "out of memory");
    struct dir_walk w = dir_walk_over(i->node);
    uint64_t full = layout_block_count(i);
    for (uint64_t n = 0;; n++) {
        size_t size = dir_block_fill(b, &w);
        if (size == 0)
            return 0;
        int rc = 0;
        if (tail && n >= full)
            rc = stream_add(&em->stream, b->bytes, size);
        else if (!tail && n < full)
            rc = stream_add(&em->stream, b->bytes, sizeof b->bytes);
        if (rc)
            return write_failed(em, rc, e);
    }
}

static int emit_tail(struct emitter *em, const struct tree_inode *i, struct err *e)
{
    uint64_t tail = layout_tail_size(i);
    if (tail == 0)
        return 0;
    if (S_ISDIR(i->mode))
        return dir_content(em, i, true, e);
    if (S_ISLNK(i->mode))
        return write_failed(em, stream_add(&em->stream, i->target, (size_t)i->size), e);
    return file_range(em, i, i->size - tail, i->size, e);
}

static int emit_inode(struct emitter *em, const struct tree_inode *i, struct err *e)
{
    bool is_device = S_ISCHR(i->mode) || S_ISBLK(i->mode);
    size_t xattr_size = xattr_body_size(i->xattrs);
    struct erofs_inode inode = {
        .layout = i->is_inline ? EROFS_INLINE : EROFS_PLAIN,
        .xattr_count = erofs_xattr_count(xattr_size),
        .mode = (uint16_t)i->mode,
        .nlink = i->nlink,
        .size = i->size,
        .block = is_device ? i->device : i->block,
        .number = i->number,
        .uid = i->uid,
        .gid = i->gid,
        .mtime_s = i->mtime_s,
        .mtime_ns = i->mtime_ns,
    };
    uint8_t raw[EROFS_EXTENDED_SIZE];
    erofs_inode_write(raw, &inode);
    int rc = stream_zero_to(&em->stream, i->nid * EROFS_SLOT_SIZE);
    if (rc == 0)
        rc = stream_add(&em->stream, raw, sizeof raw);
    if (rc == 0 && xattr_size) {
        auto_free uint8_t *body = malloc(xattr_size);
        if (!body)
            return fail(e, -ENOMEM, "out of memory");
        xattr_body_write(i->xattrs, body);
        rc = stream_add(&em->stream, body, xattr_size);
    }
    return rc ? write_failed(em, rc, e) : emit_tail(em, i, e);
}

static int compare_nid(const void *a, const void *b)
{
    uint64_t x = (*(struct tree_inode *const *)a)->nid;
    uint64_t y = (*(struct tree_inode *const *)b)->nid;
    return x < y ? -1 : x > y;
}

static int emit_meta(struct emitter *em, struct err *e)
{
    auto_free struct tree_inode **sorted = calloc(em->l->inodes, sizeof(void *));
    if (!sorted)
        return fail(e, -ENOMEM, "out of memory");
    size_t n = 0;
    for (struct tree_inode *i = em->l->first; i; i = i->next_placed)
        sorted[n++] = i;
    qsort(sorted, n, sizeof(void *), compare_nid);
    for (size_t k = 0; k < n; k++) {
        int rc = emit_inode(em, sorted[k], e);
        if (rc)
            return rc;
    }
    return 0;
}

static int emit_shared(struct emitter *em, struct err *e)
{
    int rc = stream_zero_to(&em->stream, em->l->xattr_block * (uint64_t)EROFS_BLOCK_SIZE);
    for (uint32_t k = 0; rc == 0 && k < em->l->shared_count; k++) {
        size_t size = xattr_entry_size(em->l->shared[k]);
        auto_free uint8_t *raw = malloc(size);
        if (!raw)
            return fail(e, -ENOMEM, "out of memory");
        xattr_entry_write(em->l->shared[k], raw);
        rc = stream_add(&em->stream, raw, size);
    }
    return write_failed(em, rc, e);
}

static int emit_blocks(struct emitter *em, const struct tree_inode *i, struct err *e)
{
    int rc =
        write_failed(em, stream_zero_to(&em->stream, i->block * (uint64_t)EROFS_BLOCK_SIZE), e);
    if (rc)
        return rc;
    if (S_ISDIR(i->mode))
        return dir_content(em, i, false, e);
    if (S_ISLNK(i->mode))
        return write_failed(em, stream_add(&em->stream, i->target, (size_t)i->size), e);
    return file_range(em, i, 0, i->size - layout_tail_size(i), e);
}

static int emit_data(struct emitter *em, bool directories, struct err *e)
{
    for (struct tree_inode *i = em->l->first; i; i = i->next_placed) {
        if (layout_block_count(i) == 0 || (S_ISDIR(i->mode) != 0) != directories)
            continue;
        int rc = emit_blocks(em, i, e);
        if (rc)
            return rc;
    }
    return 0;
}

static int emit_super(struct emitter *em, struct err *e)
{
    const struct tree_inode *root = em->l->first;
    struct erofs_super super = {
        .feature_compat = EROFS_COMPAT_CHECKSUM | EROFS_COMPAT_MTIME,
        .root_nid = (uint16_t)root->nid,
        .inodes = em->l->inodes,
        .blocks = (uint32_t)em->l->blocks,
        .xattr_block = em->l->xattr_block,
    };
    uint8_t raw[EROFS_SUPER_SIZE];
    erofs_super_write(raw, &super);
    int rc = stream_zero_to(&em->stream, EROFS_SUPER_AT);
    return write_failed(em, rc ? rc : stream_add(&em->stream, raw, sizeof raw), e);
}

static int emit_all(struct emitter *em, struct err *e)
{
    int rc = emit_super(em, e);
    if (rc == 0)
        rc = emit_meta(em, e);
    if (rc == 0)
        rc = emit_shared(em, e);
    if (rc == 0)
        rc = emit_data(em, true, e);
    if (rc == 0)
        rc = emit_data(em, false, e);
    if (rc)
        return rc;
    rc = stream_zero_to(&em->stream, em->l->blocks * EROFS_BLOCK_SIZE);
    progress(em, 0);
    return write_failed(em, rc ? rc : stream_finish(&em->stream), e);
}

int emit(struct mkroot *m, struct layout *l, int fd, struct mkroot_result *result, struct err *e)
{
    struct emitter em = {.m = m, .l = l};
    if (stream_init(&em.stream, fd, l->blocks))
        return fail(e, -ENOMEM, "out of memory");
    const struct verity *v = &em.stream.merkle.verity;
    int rc = 0;
    if (ftruncate(fd, (off_t)(v->end_block * VERITY_BLOCK_SIZE)) != 0)
        rc = write_failed(&em, -errno, e);
    if (rc == 0)
        rc = emit_all(&em, e);
    if (rc == 0) {
        memcpy(result->root_hash, em.stream.merkle.root, sizeof result->root_hash);
        result->file_size = v->end_block * VERITY_BLOCK_SIZE;
        result->image_size = l->blocks * EROFS_BLOCK_SIZE;
        result->inodes = l->inodes;
        result->content_size = 0;
        for (const struct tree_inode *i = l->first; i; i = i->next_placed)
            result->content_size += S_ISREG(i->mode) ? i->size : 0;
    }
    stream_fini(&em.stream);
    return rc;
}
