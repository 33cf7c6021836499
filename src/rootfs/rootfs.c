/* SPDX-License-Identifier: Apache-2.0
 * rootfs.c: opening an image. */
#include "rootfs/rootfs.h"

#include <errno.h>

#include "rootfs/rootfs_priv.h"

static size_t round_up(size_t size)
{
    return (size + ROOTFS_BLOCK_SIZE - 1) & ~(size_t)(ROOTFS_BLOCK_SIZE - 1);
}

static int config_check(const struct rootfs_config *c, struct err *e)
{
    if (!c->read || !c->memory || (uintptr_t)c->memory % ROOTFS_BLOCK_SIZE)
        return fail(e, -EINVAL, "rootfs: needs a read callback and memory aligned to 4096");
    if (c->memory_size < ROOTFS_MIN_MEMORY)
        return fail(e, -EINVAL, "rootfs: %d bytes of cache needed, %zu given", ROOTFS_MIN_MEMORY,
                    c->memory_size);
    if (!c->lock != !c->unlock)
        return fail(e, -EINVAL, "rootfs: lock and unlock come together or not at all");
    return 0;
}

/* Cuts the caller's memory into the reader itself, the readahead window, slots and their blocks. */
static struct rootfs *memory_cut(const struct rootfs_config *c)
{
    uint8_t *at = c->memory;
    struct rootfs *r = c->memory;
    memset(r, 0, sizeof *r);
    r->config = *c;
    size_t left = c->memory_size / ROOTFS_BLOCK_SIZE * ROOTFS_BLOCK_SIZE - round_up(sizeof *r);
    at += round_up(sizeof *r);
    uint64_t window = c->readahead_blocks ? c->readahead_blocks : READAHEAD_DEFAULT;
    uint64_t affordable = left / ROOTFS_BLOCK_SIZE / 8;
    window = window < affordable ? window : affordable;
    r->window_blocks = (uint32_t)(window < READAHEAD_MAX ? window : READAHEAD_MAX);
    r->window = at;
    at += (size_t)r->window_blocks * ROOTFS_BLOCK_SIZE;
    left -= (size_t)r->window_blocks * ROOTFS_BLOCK_SIZE;

    size_t set_size = CACHE_WAYS * (ROOTFS_BLOCK_SIZE + sizeof(struct cache_slot));
    uint64_t sets = (left - ROOTFS_BLOCK_SIZE) / set_size; /* a block for rounding up the slots */
    r->cache.sets = sets < CACHE_NO_SLOT / CACHE_WAYS ? sets : CACHE_NO_SLOT / CACHE_WAYS;
    size_t slots_size = round_up((size_t)r->cache.sets * CACHE_WAYS * sizeof(struct cache_slot));
    r->cache.slots = (struct cache_slot *)(void *)at;
    memset(at, 0, slots_size);
    r->cache.data = at + slots_size;
    return r;
}

static int host_read(struct rootfs *r, uint64_t block, struct err *e)
{
    int rc = r->config.read(r->config.ctx, block * ROOTFS_BLOCK_SIZE, r->window, ROOTFS_BLOCK_SIZE);
    r->reads++;
    return rc ? fail(e, -EIO,
                     "rootfs: block %llu cannot be read (error %d): is the file cut short?",
                     (unsigned long long)block, -rc)
              : 0;
}

static int super_parse(struct rootfs *r, const uint8_t *first_block, struct err *e)
{
    int rc =
        erofs_super_parse(&r->super, span_of(first_block + EROFS_SUPER_AT, EROFS_SUPER_SIZE), e);
    if (rc == 0 && r->super.blocks == 0)
        rc = fail(e, -EBADMSG, "erofs: the superblock says that there are no blocks");
    return rc;
}

/* The two superblocks say where the tree is; then the first block is checked with it and read
 * again. A lie about the size cannot survive that: the verified superblock holds it as well, and a
 * tree cannot pass for one of another height without a preimage of a hash. */
static int super_load(struct rootfs *r, struct err *e)
{
    int rc = host_read(r, 0, e);
    if (rc == 0)
        rc = super_parse(r, r->window, e);
    if (rc)
        return rc;
    uint32_t blocks = r->super.blocks;
    rc = host_read(r, blocks, e);
    if (rc == 0)
        rc = verity_parse(&r->verity, span_of(r->window, VERITY_SUPER_SIZE), blocks, e);
    if (rc)
        return rc;
    uint32_t slot;
    rc = blocks_get(r, 0, 1, 1, CACHE_KEEP_META, &slot);
    if (rc == -EBADMSG)
        return fail(e, rc,
                    "rootfs: the image does not match the root hash: it was changed, or is "
                    "another image than the one that was measured");
    if (rc)
        return fail(e, rc, "rootfs: the hash tree cannot be read: is the file cut short?");
    rc = super_parse(r, cache_data(&r->cache, slot), e);
    cache_unpin(&r->cache, slot);
    if (rc == 0 && r->super.blocks != blocks)
        rc = fail(e, -EIO, "rootfs: the image changed while it was opened");
    return rc;
}

int rootfs_open(struct rootfs **out, const struct rootfs_config *c, struct err *e)
{
    int rc = config_check(c, e);
    if (rc)
        return rc;
    struct rootfs *r = memory_cut(c);
    rc = super_load(r, e);
    if (rc && e)
        e->code = rc == -ENOTSUP ? rc : -EIO;
    if (rc)
        return rc == -ENOTSUP ? rc : -EIO;
    struct rootfs_inode root;
    rc = inode_load(r, r->super.root_nid, &root);
    if (rc || (root.mode & 0170000) != 0040000)
        return fail(e, -EIO, "rootfs: the root directory cannot be read");
    *out = r;
    return 0;
}

void rootfs_close(struct rootfs *r)
{
    if (r)
        memset(r, 0, sizeof *r);
}

uint64_t rootfs_root(const struct rootfs *r)
{
    return r->super.root_nid;
}

void rootfs_stats(const struct rootfs *r, struct rootfs_stats *out)
{
    *out = (struct rootfs_stats){
        .hits = cache_hits(&r->cache),
        .loads = __atomic_load_n(&r->loads, __ATOMIC_RELAXED),
        .reads = __atomic_load_n(&r->reads, __ATOMIC_RELAXED),
        .mismatches = __atomic_load_n(&r->mismatches, __ATOMIC_RELAXED),
        .cache_slots = (uint32_t)(r->cache.sets * CACHE_WAYS),
        .blocks = r->verity.data_blocks,
        .inodes = r->super.inodes,
    };
}
