/* SPDX-License-Identifier: Apache-2.0
 * rootfs_priv.h: the reader's inside.
 *
 * Inner functions tell three failures apart, which all become -EIO in fault_report():
 * -EIO the host could not give a block, -EBADMSG a block differs from its hash, -EUCLEAN structures
 * of the file system contradict each other. */
#ifndef CELLA_ROOTFS_ROOTFS_PRIV_H
#define CELLA_ROOTFS_ROOTFS_PRIV_H

#include "rootfs/cache_priv.h"
#include "rootfs/erofs.h"
#include "rootfs/rootfs.h"
#include "rootfs/verity.h"

enum {
    READAHEAD_DEFAULT = 32,
    READAHEAD_MAX = 128, /* what one hash block covers */
    READAHEAD_SMALL = 8, /* while it is not clear that a file is read in order */
    READAHEAD_META = 4,
    FAULTS_REMEMBERED = 16,
    SEARCH_DEPTH_MAX = 128, /* directories below each other that rootfs_path() follows */
};

struct search_level {
    struct rootfs_inode dir;
    uint64_t cookie;
    size_t path_size; /* of the path up to and with this directory */
};

struct rootfs {
    struct rootfs_config config;
    struct verity verity;
    struct erofs_super super;
    struct cache cache;
    uint8_t *window; /* readahead blocks, not yet verified; guarded by lock */
    uint32_t window_blocks;
    uint64_t loads;                       /* guarded by lock */
    uint64_t reads;                       /* guarded by lock */
    uint64_t mismatches;                  /* guarded by lock */
    uint64_t fault_block;                 /* the last one that failed; for the message only */
    uint64_t reported[FAULTS_REMEMBERED]; /* nid + 1; guarded by lock */
    uint32_t reported_count;              /* guarded by lock */
    bool searching;                       /* somebody uses `levels` */
    struct search_level levels[SEARCH_DEPTH_MAX];
};

static inline void rootfs_lock(struct rootfs *r)
{
    if (r->config.lock)
        r->config.lock(r->config.lock_ctx);
}

static inline void rootfs_unlock(struct rootfs *r)
{
    if (r->config.unlock)
        r->config.unlock(r->config.lock_ctx);
}

/* blocks.c: gives a pin on the verified block `block` of the file system.  Up to `run` blocks from
 * there may be fetched with it, of which `wanted` are needed for sure; `keep` is for the cache. */
int blocks_get(struct rootfs *r, uint64_t block, uint64_t run, uint64_t wanted, unsigned keep,
               uint32_t *slot) MUST_USE;
/* Copies verified bytes from any place of the file system; -EUCLEAN when it ends before. */
int blocks_copy(struct rootfs *r, uint64_t at, void *out, size_t size) MUST_USE;

/* inode.c */
int inode_load(struct rootfs *r, uint64_t nid, struct rootfs_inode *out) MUST_USE;
/* The number of blocks before the tail, and the bytes in the tail. */
uint64_t inode_full_blocks(const struct rootfs_inode *i);
size_t inode_tail_size(const struct rootfs_inode *i);

/* file.c: pins the block that holds byte `offset` of the content and shows the bytes from there to
 * the end of the block or content.  Needs: offset < size. */
int file_view(struct rootfs *r, const struct rootfs_inode *i, uint64_t offset, uint64_t wanted,
              struct rootfs_view *view) MUST_USE;

/* dir.c: rootfs_readdir() without a report. */
int dir_next(struct rootfs *r, const struct rootfs_inode *dir, uint64_t *cookie,
             struct rootfs_dirent *out) MUST_USE;

/* fault.c: `rc` as the caller shall see it; reports a damage of inode `nid`, once. */
int fault_report(struct rootfs *r, uint64_t nid, int rc) MUST_USE;

#endif
