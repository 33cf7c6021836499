/* SPDX-License-Identifier: Apache-2.0
 * lower_host.c: a folder of the host as lower layer.  For direct/ and for unprotected mounts; what
 * it says is not verified.  A node is the address of its struct host_node; descriptors of regular
 * files and folders stay open once used. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/lib/klib_raw.h"
#include "libos/lib/lock.h"
#include "libos/mm/user.h"
#include "libos/vfs/lower.h"
#include "platform/platform.h"

enum { OPEN_MAX = 512 };

struct host_node {
    struct host_node *parent;
    int fd; /* -1: not open; guarded by g_lock */
    uint32_t mode;
    struct host_node *next_open;
    char name[];
};

struct host_layer {
    struct lower lower;
    struct mutex lock;
    struct host_node *open_head; /* nodes with a descriptor, newest first; guarded by lock */
    unsigned open_count;
};

static struct host_node *node_at(uint64_t node)
{
    return user_raw(user_at(node));
}

/* Closes the older half.  Needs: h->lock. */
static void close_old(struct host_layer *h, const struct host_node *keep)
{
    struct host_node **at = &h->open_head;
    for (unsigned n = 0; *at; n++) {
        struct host_node *node = *at;
        if (n < OPEN_MAX / 2 || node == keep || !node->parent) {
            at = &node->next_open;
            continue;
        }
        *at = node->next_open;
        ignore(platform_close(node->fd));
        node->fd = -1;
        h->open_count--;
    }
}

/* Needs: h->lock. */
static int node_fd(struct host_layer *h, struct host_node *node)
{
    if (node->fd >= 0)
        return node->fd;
    int parent = node_fd(h, node->parent);
    if (parent < 0)
        return parent;
    int fd = platform_open_at(parent, node->name,
                              S_ISDIR(node->mode) ? O_RDONLY | O_DIRECTORY : O_RDONLY, 0);
    if (fd < 0)
        return fd;
    node->fd = fd;
    node->next_open = h->open_head;
    h->open_head = node;
    if (++h->open_count > OPEN_MAX)
        close_old(h, node);
    return fd;
}

static int host_stat(void *ctx, uint64_t id, struct lower_stat *out)
{
    struct host_layer *h = ctx;
    struct host_node *node = node_at(id);
    struct platform_stat st;
    mutex_lock(&h->lock);
    int rc = node->parent ? node_fd(h, node->parent) : node->fd;
    if (rc >= 0)
        rc = platform_stat_at(rc, node->name, &st);
    mutex_unlock(&h->lock);
    if (rc < 0)
        return rc;
    *out = (struct lower_stat){.ino = st.ino,
                               .size = st.size,
                               .rdev = st.rdev,
                               .mtime = st.mtime_ns,
                               .mode = st.mode,
                               .nlink = st.nlink,
                               .uid = st.uid,
                               .gid = st.gid};
    node->mode = st.mode;
    return 0;
}

static int host_lookup(void *ctx, uint64_t folder, const char *name, size_t size, uint64_t *out)
{
    struct host_node *node = kalloc(sizeof *node + size + 1);
    if (!node)
        return -ENOMEM;
    node->parent = node_at(folder);
    node->fd = -1;
    memcpy(node->name, name, size);
    struct lower_stat st;
    *out = (uintptr_t)node;
    int rc = host_stat(ctx, *out, &st);
    if (rc)
        kfree(node);
    return rc;
}

static int host_list(void *ctx, uint64_t folder, uint64_t *cookie, struct lower_entry *out)
{
    struct host_layer *h = ctx;
    struct platform_dirent entry;
    mutex_lock(&h->lock);
    int rc = node_fd(h, node_at(folder));
    if (rc >= 0)
        rc = platform_readdir(rc, cookie, &entry);
    mutex_unlock(&h->lock);
    if (rc <= 0)
        return rc;
    out->ino = entry.ino;
    out->type = entry.type;
    out->name_size = strnlen(entry.name, sizeof entry.name - 1);
    memcpy(out->name, entry.name, out->name_size + 1);
    return 1;
}

static int64_t host_readlink(void *ctx, uint64_t id, char *out, size_t room)
{
    struct host_layer *h = ctx;
    struct host_node *node = node_at(id);
    mutex_lock(&h->lock);
    int64_t rc = node_fd(h, node->parent);
    if (rc >= 0)
        rc = platform_readlink_at((int)rc, node->name, out, room);
    mutex_unlock(&h->lock);
    return rc;
}

static int64_t host_read(void *ctx, uint64_t id, void *out, size_t size, uint64_t off)
{
    struct host_layer *h = ctx;
    mutex_lock(&h->lock);
    int64_t rc = node_fd(h, node_at(id));
    if (rc >= 0)
        rc = platform_pread((int)rc, out, size, off);
    mutex_unlock(&h->lock);
    return rc;
}

static const struct lower_ops HOST_OPS = {.lookup = host_lookup,
                                          .stat = host_stat,
                                          .list = host_list,
                                          .readlink = host_readlink,
                                          .read = host_read};

struct lower *lower_host_new(int fd)
{
    struct host_layer *h = kalloc(sizeof *h);
    struct host_node *root = kalloc(sizeof *root + 1);
    if (!h || !root) {
        kfree(h);
        kfree(root);
        return NULL;
    }
    root->fd = fd;
    root->mode = S_IFDIR;
    mutex_init(&h->lock);
    h->lower.ctx = h;
    h->lower.root = (uintptr_t)root;
    h->lower.ops = &HOST_OPS;
    return &h->lower;
}
