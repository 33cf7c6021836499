/* SPDX-License-Identifier: Apache-2.0
 * run_root.c: which root hash an image has. */
#include <errno.h>
#include <unistd.h>

#include "cli/run_image.h"
#include "rootfs/erofs.h"
#include "rootfs/verity.h"

static int read_block(int fd, uint64_t block, uint8_t out[VERITY_BLOCK_SIZE], struct err *e)
{
    ssize_t n = pread(fd, out, VERITY_BLOCK_SIZE, (off_t)(block * VERITY_BLOCK_SIZE));
    if (n == VERITY_BLOCK_SIZE)
        return 0;
    return fail(e, n < 0 ? -errno : -EBADMSG,
                "block %llu cannot be read: expected an image that `cella rootfs` made",
                (unsigned long long)block);
}

int run_root_hash(int fd, uint8_t out[SHA256_SIZE], struct err *e)
{
    uint8_t block[VERITY_BLOCK_SIZE];
    struct erofs_super super;
    struct verity v;
    int rc = read_block(fd, 0, block, e);
    if (!rc)
        rc = erofs_super_parse(&super, span_of(block + EROFS_SUPER_AT, EROFS_SUPER_SIZE), e);
    if (!rc)
        rc = read_block(fd, super.blocks, block, e);
    if (!rc)
        rc = verity_parse(&v, span_of(block, VERITY_SUPER_SIZE), super.blocks, e);
    if (!rc)
        rc = read_block(fd, v.levels ? v.level_block[v.levels - 1] : 0, block, e);
    if (!rc)
        verity_hash(&v, block, out);
    return rc;
}
