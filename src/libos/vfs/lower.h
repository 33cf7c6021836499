/* SPDX-License-Identifier: Apache-2.0
 * lower.h: a read-only tree below the one in memory: the verified root image, or a folder of the
 * host.  Nodes are named by a number that the layer chooses. */
#ifndef CELLA_LIBOS_VFS_LOWER_H
#define CELLA_LIBOS_VFS_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lower_stat {
    uint64_t ino, size, rdev;
    int64_t mtime; /* ns since 1970 */
    uint32_t mode, nlink, uid, gid;
};

struct lower_entry {
    uint64_t ino;
    uint8_t type; /* DT_* */
    size_t name_size;
    char name[256];
};

struct lower {
    void *ctx;
    uint64_t root;
    const struct lower_ops {
        /* 0 or a negative errno each; -EIO when the data does not verify. */
        int (*lookup)(void *ctx, uint64_t folder, const char *name, size_t size, uint64_t *out);
        int (*stat)(void *ctx, uint64_t node, struct lower_stat *out);
        /* Entry after *cookie (0 first), which is moved on; 1, or 0 at the end.  Without "." and
         * "..". */
        int (*list)(void *ctx, uint64_t folder, uint64_t *cookie, struct lower_entry *out);
        int64_t (*readlink)(void *ctx, uint64_t node, char *out, size_t room);
        /* Bytes read into memory of the kernel or of the application; 0 at the end. */
        int64_t (*read)(void *ctx, uint64_t node, void *out, size_t size, uint64_t off);
    } * ops;
};

/* The read-only view of a folder of the host, through `fd`; NULL without memory. */
struct lower *lower_host_new(int fd);

#endif
