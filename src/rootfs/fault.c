/* SPDX-License-Identifier: Apache-2.0
 * fault.c: says which file is damaged: the search for a path, and the one line. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "rootfs/rootfs_priv.h"

enum { LINE_SIZE = 512 };

/* Text that is cut where it no longer fits; a freestanding snprintf. */
struct text {
    char *data;
    size_t size;
    size_t used;
};

static void text_add(struct text *t, struct span s)
{
    size_t room = t->size - t->used - 1;
    size_t part = s.size < room ? s.size : room;
    memcpy(t->data + t->used, s.data, part);
    t->used += part;
    t->data[t->used] = 0;
}

static void text_add_number(struct text *t, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    text_add(t, span_of(digits + at, sizeof digits - at));
}

static bool is_dot(const struct rootfs_dirent *d)
{
    return strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0;
}

/* Appends "/name" behind `size` bytes of path; the new size, 0 when it does not fit. */
static size_t path_append(char *out, size_t room, size_t size, const struct rootfs_dirent *d)
{
    if (size + 1 + d->name_size + 1 > room)
        return 0;
    out[size] = '/';
    memcpy(out + size + 1, d->name, d->name_size + 1u);
    return size + 1 + d->name_size;
}

/* Depth first.  Directories that cannot be read are passed over. */
static int search(struct rootfs *r, uint64_t nid, char *out, size_t room,
                  struct search_level *stack)
{
    uint32_t depth = 1;
    /* No more entries than fit into the image, or there is a loop in it. */
    uint64_t most = r->verity.data_blocks * (ROOTFS_BLOCK_SIZE / EROFS_DIRENT_SIZE);
    for (uint64_t seen = 0; depth > 0 && seen < most; seen++) {
        struct search_level *top = &stack[depth - 1];
        struct rootfs_dirent d;
        if (dir_next(r, &top->dir, &top->cookie, &d) <= 0) {
            depth--;
            continue;
        }
        size_t size = is_dot(&d) ? 0 : path_append(out, room, top->path_size, &d);
        if (!is_dot(&d) && d.nid == nid)
            return size ? (int)size : -ENAMETOOLONG;
        if (size == 0 || d.type != DT_DIR || depth == SEARCH_DEPTH_MAX)
            continue;
        struct search_level *next = &stack[depth];
        *next = (struct search_level){.path_size = size};
        if (inode_load(r, d.nid, &next->dir) == 0)
            depth++;
    }
    return -ENOENT;
}

/* The search's stack is 13 KiB, too much for the stacks that callers have: it lies in the reader
 * and is used by one thread at a time. */
int rootfs_path(struct rootfs *r, uint64_t nid, char *out, size_t size)
{
    if (size < 2)
        return -ENAMETOOLONG;
    if (nid == r->super.root_nid) {
        memcpy(out, "/", 2);
        return 1;
    }
    if (__atomic_exchange_n(&r->searching, true, __ATOMIC_ACQUIRE))
        return -EBUSY;
    struct search_level *stack = r->levels;
    stack[0] = (struct search_level){.path_size = 0};
    int rc = inode_load(r, r->super.root_nid, &stack[0].dir);
    if (rc == 0)
        rc = search(r, nid, out, size, stack);
    __atomic_store_n(&r->searching, false, __ATOMIC_RELEASE);
    return rc == -EUCLEAN || rc == -EBADMSG ? -EIO : rc;
}

/* True the first time for each object; when too many are damaged, the rest goes unnamed. */
static bool is_new(struct rootfs *r, uint64_t nid)
{
    rootfs_lock(r);
    bool is_known = false;
    for (uint32_t i = 0; i < r->reported_count; i++)
        is_known = is_known || r->reported[i] == nid;
    bool has_room = r->reported_count < FAULTS_REMEMBERED;
    if (!is_known && has_room)
        r->reported[r->reported_count++] = nid;
    rootfs_unlock(r);
    return !is_known && has_room;
}

int fault_report(struct rootfs *r, uint64_t nid, int rc)
{
    if (rc == -EOPNOTSUPP || rc == -ENAMETOOLONG)
        return rc;
    if (!r->config.report || !is_new(r, nid))
        return -EIO;
    uint64_t block = __atomic_load_n(&r->fault_block, __ATOMIC_RELAXED);
    char line[LINE_SIZE];
    char path[LINE_SIZE - 128];
    struct text t = {.data = line, .size = sizeof line};
    text_add(&t, span_text("rootfs: "));
    if (rootfs_path(r, nid, path, sizeof path) > 0) {
        text_add(&t, span_text(path));
    } else {
        text_add(&t, span_text("inode "));
        text_add_number(&t, nid);
    }
    if (rc == -EUCLEAN) {
        text_add(&t, span_text(": its structures are damaged"));
    } else {
        text_add(&t, span_text(": block "));
        text_add_number(&t, block);
        text_add(&t, span_text(rc == -EBADMSG ? " does not match its hash: the image was changed"
                                              : " cannot be read"));
    }
    r->config.report(r->config.report_ctx, line);
    return -EIO;
}
