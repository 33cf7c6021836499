/* SPDX-License-Identifier: Apache-2.0
 * rootfs.h: the verified reader of a root file system image.
 *
 * The image is one file: an EROFS file system of 4 KiB blocks, followed by a dm-verity superblock
 * and Merkle tree (SHA-256).  Thirty-two bytes, the root hash, fix every byte of it.  Each block is
 * checked against the tree when it enters the cache and never again while it stays there.
 * [EROFS] [VERITY], docs/rootfs.md
 *
 * Made for the inside of an enclave: no system call, no stdio, no allocation.  All memory comes
 * from the caller at rootfs_open(), all bytes of the image through one callback that is not
 * trusted.
 *
 * Errors are negative errnos.  -EIO: a block differs from its hash, the host could not give it, or
 * the file system's own structures contradict each other; it is reported once through `report`.
 * Wrong bytes are never handed out; whatever `out` buffers hold after an error is unspecified.
 *
 * Threads: with `lock` and `unlock` given, every function may be called from several threads at
 * once.  Reads of cached blocks take no lock; loading a block holds it, host call included. Without
 * them the caller uses the reader from one thread at a time. */
#ifndef CELLA_ROOTFS_ROOTFS_H
#define CELLA_ROOTFS_ROOTFS_H

#include "base/err.h"
#include "base/span.h"

enum {
    ROOTFS_BLOCK_SIZE = 4096,
    ROOTFS_HASH_SIZE = 32,
    ROOTFS_NAME_MAX = 255,
    ROOTFS_LINK_MAX = 4095,                     /* bytes of a symbolic link's target */
    ROOTFS_MIN_MEMORY = 64 * ROOTFS_BLOCK_SIZE, /* smallest `memory_size` that is accepted */
};

struct rootfs; /* lives in the caller's memory */

struct rootfs_config {
    /* Reads exactly `size` bytes at `offset` of the image file into `out`; 0 or a negative errno.
     * `out` is the reader's own memory: fill it once, never again after returning. */
    int (*read)(void *ctx, uint64_t offset, void *out, size_t size);
    void *ctx;
    uint8_t root_hash[ROOTFS_HASH_SIZE];
    /* Holds the reader and its cache until rootfs_close(); aligned to 4096.  1/64 of the image is a
     * fair start: the hash tree alone is 1/128 of it. */
    void *memory;
    size_t memory_size;
    /* Blocks fetched by one call of `read` when a file is read in order; 0: 32. */
    uint32_t readahead_blocks;
    /* Mutual exclusion, both or neither.  The lock is held across `read`. */
    void (*lock)(void *lock_ctx);
    void (*unlock)(void *lock_ctx);
    void *lock_ctx;
    /* Gets one line without a newline for each object that turns out damaged, such as "rootfs:
     * /usr/bin/python3: block 4711 does not match its hash"; may be NULL. */
    void (*report)(void *report_ctx, const char *line);
    void *report_ctx;
};

/* What stat(2) says about an inode, and where its content lies.  A plain value: it may be kept and
 * copied, and stays valid until rootfs_close(). */
struct rootfs_inode {
    uint64_t nid; /* st_ino: unique, stable, the same number that Linux shows for a loop mount */
    uint64_t size;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t mode; /* type and permissions, as S_IFMT | 07777 */
    uint32_t nlink;
    uint32_t uid;
    uint32_t gid;
    uint32_t rdev_major; /* character and block devices */
    uint32_t rdev_minor;
    /* For rootfs/ only. */
    uint32_t layout;
    uint32_t first_block; /* of the data, for full blocks */
    uint32_t xattr_size;
    uint64_t xattr_at; /* offsets in the image */
    uint64_t tail_at;
};

struct rootfs_dirent {
    uint64_t nid;
    uint8_t type; /* DT_REG and so on, as d_type of getdents64(2) */
    uint8_t name_size;
    char name[ROOTFS_NAME_MAX + 1]; /* zero byte behind it; any byte but 0 and '/' */
};

/* Bytes of a verified block, in the cache itself: read-only, valid until rootfs_unmap().  Keep few
 * and for a short time: a mapped block cannot be evicted. */
struct rootfs_view {
    const uint8_t *data;
    size_t size;
    uint32_t slot; /* for rootfs/ only */
};

struct rootfs_stats {
    uint64_t hits;        /* blocks found in the cache */
    uint64_t loads;       /* blocks hashed */
    uint64_t reads;       /* calls of `read` */
    uint64_t mismatches;  /* blocks that differed from their hash */
    uint32_t cache_slots; /* blocks that fit into the cache */
    uint64_t blocks;      /* of the file system, hash tree not counted */
    uint64_t inodes;
};

/* Reads and verifies the superblocks.  *out lies in c->memory.  -EINVAL when the configuration is
 * not usable, -EIO when the image cannot be read or does not match the root hash, -ENOTSUP when it
 * needs a feature of EROFS that we do not read (compression); `e` says which. */
int rootfs_open(struct rootfs **out, const struct rootfs_config *c, struct err *e) MUST_USE;

/* Ends the use of the caller's memory; nothing needs to be freed.  NULL is fine. */
void rootfs_close(struct rootfs *r);

/* The number of the root directory's inode. */
uint64_t rootfs_root(const struct rootfs *r);

/* -EIO when there is no sound inode of that number. */
int rootfs_inode(struct rootfs *r, uint64_t nid, struct rootfs_inode *out) MUST_USE;

/* Finds one component, "." and ".." included.  -ENOENT; -ENOTDIR when `dir` is none;
 * -ENAMETOOLONG above 255 bytes. */
int rootfs_lookup(struct rootfs *r, const struct rootfs_inode *dir, struct span name,
                  struct rootfs_dirent *out) MUST_USE;

/* Gives the entry at *cookie and moves the cookie behind it: 1, or 0 at the end.  Start with 0.
 * Entries come in byte order, "." and ".." among them; any cookie once given can be used again. */
int rootfs_readdir(struct rootfs *r, const struct rootfs_inode *dir, uint64_t *cookie,
                   struct rootfs_dirent *out) MUST_USE;

/* Copies up to `size` bytes at `offset` of a regular file; the count, 0 at or behind the end.
 * `out` must be memory that the host cannot write.  -EISDIR, or -EINVAL for other types. */
int64_t rootfs_pread(struct rootfs *r, const struct rootfs_inode *file, void *out, size_t size,
                     uint64_t offset) MUST_USE;

/* Shows the bytes from `offset` to the end of their 4 KiB block or of the file without a copy: 1
 * with *view filled, 0 at or behind the end (nothing to unmap).  -EBUSY when every place that could
 * hold the block is mapped: copy with rootfs_pread() instead. */
int rootfs_map(struct rootfs *r, const struct rootfs_inode *file, uint64_t offset,
               struct rootfs_view *view) MUST_USE;
void rootfs_unmap(struct rootfs *r, struct rootfs_view *view);

/* Copies the target of a symbolic link, cut at `size`, without a zero byte: the count, as
 * readlink(2).  -EINVAL when it is no link. */
int rootfs_readlink(struct rootfs *r, const struct rootfs_inode *link, char *out,
                    size_t size) MUST_USE;

/* As getxattr(2) and listxattr(2): with size 0 only the needed size is returned; -ENODATA, -ERANGE,
 * -EOPNOTSUPP (a namespace that we do not know). */
int rootfs_getxattr(struct rootfs *r, const struct rootfs_inode *inode, struct span name, void *out,
                    size_t size) MUST_USE;
int rootfs_listxattr(struct rootfs *r, const struct rootfs_inode *inode, char *out,
                     size_t size) MUST_USE;

/* Finds a path that leads to inode `nid` by searching the tree from the root, for messages: the
 * length without the zero byte.  -ENOENT; -ENAMETOOLONG when it does not fit. */
int rootfs_path(struct rootfs *r, uint64_t nid, char *out, size_t size) MUST_USE;

void rootfs_stats(const struct rootfs *r, struct rootfs_stats *out);

#endif
