/* SPDX-License-Identifier: Apache-2.0
 * root.c: the verified root image as the kernel's lower tree.  A node is the number of its inode.
 *
 * Blocks are hashed with vector registers, which are the application's: they are kept and given
 * back around the reader's lock, under which all hashing happens. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "enclave/log.h"
#include "enclave_os/os.h"
#include "libos/lib/lock.h"
#include "libos/vfs/lower.h"
#include "rootfs/rootfs.h"

enum { CACHE_MIN = 16 << 20, CACHE_MAX = 64 << 20, CACHE_PART = 32, NS_PER_S = 1000000000 };

static struct {
    struct rootfs *fs;
    int fd;
    struct mutex lock;
    struct lower lower;
} g_root;

static int read_image(void *ctx, uint64_t offset, void *out, size_t size)
{
    uint8_t *to = out;
    (void)ctx;
    while (size) {
        int64_t n = platform_pread(g_root.fd, to, size, offset);
        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        to += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static void take_lock(void *ctx)
{
    struct thread *t = thread_current();
    (void)ctx;
    mutex_lock(&g_root.lock);
    os_vectors_save(os_of(t)->hashing, t->xfrm);
}

static void drop_lock(void *ctx)
{
    struct thread *t = thread_current();
    (void)ctx;
    os_vectors_load(os_of(t)->hashing, t->xfrm);
    mutex_unlock(&g_root.lock);
}

static void report(void *ctx, const char *line)
{
    (void)ctx;
    say(2, "%s", line);
}

/* ---- struct lower_ops ---- */

static int root_lookup(void *ctx, uint64_t folder, const char *name, size_t size, uint64_t *out)
{
    struct rootfs_inode dir;
    struct rootfs_dirent entry;
    (void)ctx;
    int rc = rootfs_inode(g_root.fs, folder, &dir);
    if (!rc)
        rc = rootfs_lookup(g_root.fs, &dir, span_of(name, size), &entry);
    if (!rc)
        *out = entry.nid;
    return rc;
}

static int root_stat(void *ctx, uint64_t node, struct lower_stat *out)
{
    struct rootfs_inode i;
    (void)ctx;
    int rc = rootfs_inode(g_root.fs, node, &i);
    if (rc)
        return rc;
    *out = (struct lower_stat){.ino = i.nid,
                               .size = i.size,
                               .rdev = makedev(i.rdev_major, i.rdev_minor),
                               .mtime = i.mtime_s * NS_PER_S + i.mtime_ns,
                               .mode = i.mode,
                               .nlink = i.nlink,
                               .uid = i.uid,
                               .gid = i.gid};
    return 0;
}

static int root_list(void *ctx, uint64_t folder, uint64_t *cookie, struct lower_entry *out)
{
    struct rootfs_inode dir;
    struct rootfs_dirent entry;
    (void)ctx;
    int rc = rootfs_inode(g_root.fs, folder, &dir);
    if (rc)
        return rc;
    do
        rc = rootfs_readdir(g_root.fs, &dir, cookie, &entry);
    while (rc == 1 && (strcmp(entry.name, ".") == 0 || strcmp(entry.name, "..") == 0));
    if (rc != 1)
        return rc;
    out->ino = entry.nid;
    out->type = entry.type;
    out->name_size = entry.name_size;
    memcpy(out->name, entry.name, sizeof out->name);
    return 1;
}

static int64_t root_readlink(void *ctx, uint64_t node, char *out, size_t room)
{
    struct rootfs_inode i;
    (void)ctx;
    int rc = rootfs_inode(g_root.fs, node, &i);
    return rc ? rc : rootfs_readlink(g_root.fs, &i, out, room);
}

/* One block at most; `out` may be memory of the application that is not accessible. */
static int64_t read_part(const struct rootfs_inode *i, uint8_t *out, size_t size, uint64_t off)
{
    struct rootfs_view view;
    uint8_t part[512];
    int rc = rootfs_map(g_root.fs, i, off, &view);
    if (rc == -EBUSY) {
        int64_t n = rootfs_pread(g_root.fs, i, part, size < sizeof part ? size : sizeof part, off);
        return n > 0 && os_copy_bytes_raw(out, part, (size_t)n) ? -EFAULT : n;
    }
    if (rc <= 0)
        return rc;
    size_t n = size < view.size ? size : view.size;
    bool bad = os_copy_bytes_raw(out, view.data, n);
    rootfs_unmap(g_root.fs, &view);
    return bad ? -EFAULT : (int64_t)n;
}

static int64_t root_read(void *ctx, uint64_t node, void *out, size_t size, uint64_t off)
{
    struct rootfs_inode i;
    size_t done = 0;
    (void)ctx;
    int64_t rc = rootfs_inode(g_root.fs, node, &i);
    while (rc >= 0 && done < size) {
        rc = read_part(&i, (uint8_t *)out + done, size - done, off + done);
        if (rc <= 0)
            break;
        done += (size_t)rc;
    }
    return done ? (int64_t)done : rc;
}

static const struct lower_ops g_ops = {.lookup = root_lookup,
                                       .stat = root_stat,
                                       .list = root_list,
                                       .readlink = root_readlink,
                                       .read = root_read};

const struct lower *os_root_open(int fd, const uint8_t hash[ROOTFS_HASH_SIZE], struct err *e)
{
    struct platform_stat st;
    struct rootfs_config config = {
        .read = read_image, .lock = take_lock, .unlock = drop_lock, .report = report};
    int rc = platform_stat_at(fd, "", &st);
    if (rc) {
        ignore(fail(e, rc, "enclave: the host says nothing about the root image"));
        return NULL;
    }
    g_root.fd = fd;
    mutex_init(&g_root.lock);
    uint64_t size = st.size / CACHE_PART < CACHE_MAX ? st.size / CACHE_PART : CACHE_MAX;
    config.memory_size = (size < CACHE_MIN ? CACHE_MIN : size) & ~(uint64_t)(OS_PAGE - 1);
    config.memory = platform_pages_alloc(config.memory_size);
    memcpy(config.root_hash, hash, ROOTFS_HASH_SIZE);
    if (!config.memory) {
        ignore(fail(e, -ENOMEM, "enclave: no memory for the cache of the root image"));
        return NULL;
    }
    if (rootfs_open(&g_root.fs, &config, e))
        return NULL;
    g_root.lower = (struct lower){.root = rootfs_root(g_root.fs), .ops = &g_ops};
    return &g_root.lower;
}
