/* SPDX-License-Identifier: Apache-2.0
 * image_fuzz.c: the reader over file systems that lie although their hashes are right.  The hash
 * tree is made here for whatever the input is, so every byte reaches the parsers behind the
 * verification. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "rootfs/erofs.h"
#include "rootfs/rootfs.h"
#include "rootfs/verity.h"

enum { BLOCKS_MAX = 120, STEPS_MAX = 100 }; /* one hash block covers the image */

static uint8_t g_image[(BLOCKS_MAX + 2) * VERITY_BLOCK_SIZE];
static _Alignas(4096) uint8_t g_memory[128 * ROOTFS_BLOCK_SIZE];

static int read_image(void *ctx, uint64_t offset, void *out, size_t size)
{
    (void)ctx;
    if (offset > sizeof g_image || size > sizeof g_image - offset)
        abort(); /* the reader must not ask for anything behind the file */
    memcpy(out, g_image + offset, size);
    return 0;
}

/* Puts a verity superblock and one hash block behind `blocks` blocks. */
static void seal(uint64_t blocks, uint8_t root[VERITY_HASH_SIZE])
{
    struct verity v;
    verity_init(&v, blocks);
    verity_write(g_image + blocks * VERITY_BLOCK_SIZE, &v);
    uint8_t *hashes = g_image + (blocks + 1) * VERITY_BLOCK_SIZE;
    memset(hashes, 0, VERITY_BLOCK_SIZE);
    for (uint64_t i = 0; i < blocks; i++)
        verity_hash(&v, g_image + i * VERITY_BLOCK_SIZE, hashes + i * VERITY_HASH_SIZE);
    if (v.levels)
        verity_hash(&v, hashes, root);
    else
        memcpy(root, hashes, VERITY_HASH_SIZE);
}

static void touch(struct rootfs *r, const struct rootfs_inode *i)
{
    static uint8_t buffer[70000];
    char name[16] = "user.a";
    int64_t n = 0;
    if (S_ISREG(i->mode)) {
        n = rootfs_pread(r, i, buffer, sizeof buffer, i->size / 3);
        struct rootfs_view view;
        if (rootfs_map(r, i, i->size / 2, &view) == 1) {
            n += view.data[0] + view.data[view.size - 1];
            rootfs_unmap(r, &view);
        }
    } else if (S_ISLNK(i->mode)) {
        n = rootfs_readlink(r, i, (char *)buffer, sizeof buffer);
    }
    n += rootfs_listxattr(r, i, (char *)buffer, sizeof buffer);
    n += rootfs_getxattr(r, i, span_text(name), buffer, sizeof buffer);
    __asm__ volatile("" : : "r"(n));
}

static void walk(struct rootfs *r)
{
    uint64_t queue[64];
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = rootfs_root(r);
    int steps = 0;
    while (head < tail && steps < STEPS_MAX) {
        struct rootfs_inode dir;
        if (rootfs_inode(r, queue[head++], &dir))
            continue;
        struct rootfs_dirent d;
        struct rootfs_dirent found;
        uint64_t cookie = 0;
        while (rootfs_readdir(r, &dir, &cookie, &d) == 1 && steps++ < STEPS_MAX) {
            struct rootfs_inode i;
            if (rootfs_lookup(r, &dir, span_of(d.name, d.name_size), &found) == 0 &&
                strcmp(found.name, d.name) != 0)
                abort();
            if (rootfs_inode(r, d.nid, &i))
                continue;
            touch(r, &i);
            if (S_ISDIR(i.mode) && tail < ARRAY_COUNT(queue))
                queue[tail++] = d.nid;
        }
    }
    char path[300];
    bool search = steps % 8 == 0; /* it is slow */
    if (search && rootfs_path(r, 77, path, sizeof path) > (int)sizeof path)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t blocks = (size + VERITY_BLOCK_SIZE - 1) / VERITY_BLOCK_SIZE;
    if (blocks == 0 || blocks > BLOCKS_MAX)
        return -1;
    memset(g_image, 0, (blocks + 2) * VERITY_BLOCK_SIZE);
    memcpy(g_image, data, size);
    put_le32(g_image + EROFS_SUPER_AT, EROFS_MAGIC);
    g_image[EROFS_SUPER_AT + 12] = EROFS_BLOCK_BITS;
    put_le32(g_image + EROFS_SUPER_AT + 36, (uint32_t)blocks);
    put_le32(g_image + EROFS_SUPER_AT + 80, 0);
    g_image[EROFS_SUPER_AT + 90] = 0;
    struct rootfs_config c = {
        .read = read_image, .memory = g_memory, .memory_size = sizeof g_memory};
    seal(blocks, c.root_hash);
    struct rootfs *r;
    struct err e;
    if (rootfs_open(&r, &c, &e) == 0) {
        walk(r);
        rootfs_close(r);
    }
    return 0;
}
