/* SPDX-License-Identifier: Apache-2.0
 * mkroot.c: see mkroot.h. */
#include "mkroot/mkroot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkroot/mkroot_priv.h"
#include "mkroot/target.h"

int mkroot_new(struct mkroot **out, const struct mkroot_options *o, struct err *e)
{
    struct mkroot *m = calloc(1, sizeof *m);
    if (!m)
        return fail(e, -ENOMEM, "out of memory");
    if (o)
        m->options = *o;
    const char *dir = m->options.spool_dir ? m->options.spool_dir : getenv("TMPDIR");
    spool_init(&m->spool, dir && *dir ? dir : "/tmp");
    m->source_fd = -1;
    int rc = tree_init(&m->tree, &m->options.limits, e);
    if (rc) {
        mkroot_free(m);
        return rc;
    }
    *out = m;
    return 0;
}

void mkroot_free(struct mkroot *m)
{
    if (!m)
        return;
    tree_fini(&m->tree);
    spool_fini(&m->spool);
    if (m->source_fd >= 0)
        close(m->source_fd);
    free(m);
}

static int collect(struct mkroot *m, const struct mkroot_xattr *xattrs, size_t count,
                   const struct xattr_set **out, struct err *e)
{
    struct xattr_list list = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        int rc = xattr_list_add(&list, &m->tree.xattrs, &m->tree.arena, xattrs[i].name,
                                xattrs[i].value, e);
        if (rc)
            return rc;
    }
    return xattr_list_finish(&list, &m->tree.arena, out, e);
}

int mkroot_add(struct mkroot *m, const struct tree_entry *entry, const struct mkroot_xattr *xattrs,
               size_t xattr_count, struct err *e)
{
    struct tree_entry complete = *entry;
    struct tree_inode *inode;
    int rc = mkroot_end(m, e);
    if (rc == 0)
        rc = collect(m, xattrs, xattr_count, &complete.xattrs, e);
    if (rc == 0)
        rc = tree_add(&m->tree, &complete, &inode, e);
    if (rc || !S_ISREG(complete.mode) || complete.size == 0)
        return rc;
    inode->data = TREE_SPOOLED;
    inode->data_at = spool_at(&m->spool);
    m->open = inode;
    m->missing = complete.size;
    return 0;
}

static int take(struct mkroot *m, uint64_t size, struct err *e)
{
    if (size > m->missing)
        return fail(e, -EINVAL, "a file has more bytes than its header says");
    m->missing -= size;
    return 0;
}

int mkroot_data(struct mkroot *m, struct span data, struct err *e)
{
    int rc = take(m, data.size, e);
    return rc ? rc : spool_add(&m->spool, data, e);
}

int mkroot_hole(struct mkroot *m, uint64_t size, struct err *e)
{
    int rc = take(m, size, e);
    return rc ? rc : spool_hole(&m->spool, size, e);
}

int mkroot_end(struct mkroot *m, struct err *e)
{
    m->open = NULL;
    if (m->missing > 0)
        return fail(e, -EINVAL, "a file ends %llu bytes before its size",
                    (unsigned long long)m->missing);
    return 0;
}

int mkroot_link(struct mkroot *m, struct span path, struct span target, struct err *e)
{
    int rc = mkroot_end(m, e);
    return rc ? rc : tree_link(&m->tree, path, target, e);
}

void mkroot_next_layer(struct mkroot *m)
{
    tree_next_layer(&m->tree);
}

int mkroot_remove(struct mkroot *m, struct span path, struct err *e)
{
    return tree_remove(&m->tree, path, e);
}

int mkroot_clear(struct mkroot *m, struct span path, struct err *e)
{
    return tree_clear(&m->tree, path, e);
}

static int write_to(struct mkroot *m, int fd, struct mkroot_result *result, struct err *e)
{
    struct layout l;
    int rc = layout_make(&l, &m->tree, e);
    if (rc == 0)
        rc = emit(m, &l, fd, result, e);
    layout_fini(&l);
    return rc;
}

int mkroot_write(struct mkroot *m, const char *path, struct mkroot_result *result, struct err *e)
{
    int rc = mkroot_end(m, e);
    if (rc == 0)
        rc = spool_flush(&m->spool, e);
    if (rc)
        return rc;
    struct target target;
    rc = target_open(&target, path, e);
    if (rc)
        return rc;
    m->target = path;
    rc = write_to(m, target.fd, result, e);
    if (rc == 0)
        rc = target_finish(&target, e);
    target_close(&target);
    return rc;
}
