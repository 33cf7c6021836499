/* SPDX-License-Identifier: Apache-2.0
 * verified_fuzz.c: a host that serves changed bytes under a fixed root hash.  The input is the list
 * of changes that it makes to one image: nothing but the measured bytes may ever come out. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "rootfs/erofs.h"
#include "rootfs/rootfs.h"
#include "rootfs/verity.h"

enum { DATA_BLOCKS = 4, FILE_SIZE = (DATA_BLOCKS + 2) * VERITY_BLOCK_SIZE, NID = 40 };

static uint8_t g_measured[FILE_SIZE];
static uint8_t g_served[FILE_SIZE];
static uint8_t g_root[VERITY_HASH_SIZE];
static _Alignas(4096) uint8_t g_memory[64 * ROOTFS_BLOCK_SIZE];

static int read_image(void *ctx, uint64_t offset, void *out, size_t size)
{
    (void)ctx;
    if (offset > FILE_SIZE || size > FILE_SIZE - offset)
        return -5; /* a changed superblock may send us anywhere */
    memcpy(out, g_served + offset, size);
    return 0;
}

/* An empty root directory, and one file of three blocks as inode NID. */
static void measure(void)
{
    struct erofs_super super = {.root_nid = 36, .inodes = 2, .blocks = DATA_BLOCKS};
    struct erofs_inode root = {.mode = S_IFDIR | 0755, .nlink = 2};
    struct erofs_inode file = {.mode = S_IFREG | 0644, .nlink = 1, .block = 1, .size = 3 * 4096};
    erofs_super_write(g_measured + EROFS_SUPER_AT, &super);
    erofs_inode_write(g_measured + 36 * EROFS_SLOT_SIZE, &root);
    erofs_inode_write(g_measured + NID * EROFS_SLOT_SIZE, &file);
    for (size_t i = VERITY_BLOCK_SIZE; i < DATA_BLOCKS * VERITY_BLOCK_SIZE; i++)
        g_measured[i] = (uint8_t)(i * 31 + (i >> 8));
    struct verity v;
    verity_init(&v, DATA_BLOCKS);
    verity_write(g_measured + DATA_BLOCKS * VERITY_BLOCK_SIZE, &v);
    uint8_t *hashes = g_measured + (DATA_BLOCKS + 1) * VERITY_BLOCK_SIZE;
    for (size_t i = 0; i < DATA_BLOCKS; i++)
        verity_hash(&v, g_measured + i * VERITY_BLOCK_SIZE, hashes + i * VERITY_HASH_SIZE);
    verity_hash(&v, hashes, g_root);
}

static void check(struct rootfs *r)
{
    struct rootfs_inode i;
    static uint8_t buffer[3 * 4096];
    if (rootfs_inode(r, NID, &i))
        return;
    if (i.size != 3 * 4096 || i.first_block != 1)
        abort();
    for (uint64_t at = 0; at < i.size; at += 1000) {
        int64_t n = rootfs_pread(r, &i, buffer, 5000, at);
        if (n > 0 && memcmp(buffer, g_measured + 4096 + at, (size_t)n) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (g_root[0] == 0 && bytes_are_zero(g_root, sizeof g_root))
        measure();
    memcpy(g_served, g_measured, FILE_SIZE);
    for (size_t at = 0; at + 4 <= size; at += 4) /* offset u24, new byte */
        g_served[(get_le32(data + at) & 0xffffff) % FILE_SIZE] = data[at + 3];
    struct rootfs_config c = {
        .read = read_image, .memory = g_memory, .memory_size = sizeof g_memory};
    memcpy(c.root_hash, g_root, sizeof g_root);
    struct rootfs *r;
    if (rootfs_open(&r, &c, NULL) == 0) {
        check(r);
        rootfs_close(r);
    }
    return 0;
}
