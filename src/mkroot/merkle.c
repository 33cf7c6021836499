/* SPDX-License-Identifier: Apache-2.0
 * merkle.c: see merkle.h. */
#include "mkroot/merkle.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

int pwrite_all(int fd, const void *data, size_t size, uint64_t at)
{
    const uint8_t *p = data;
    while (size > 0) {
        ssize_t n = pwrite(fd, p, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

void merkle_init(struct merkle *m, int fd, uint64_t data_blocks)
{
    memset(m, 0, sizeof *m);
    m->fd = fd;
    verity_init(&m->verity, data_blocks);
    for (uint32_t level = 0; level < m->verity.levels; level++)
        m->levels[level].at = m->verity.level_block[level];
}

static int level_add(struct merkle *m, uint32_t level, const uint8_t *block);

/* Writes a hash block and hands it to the level above. */
static int level_flush(struct merkle *m, uint32_t level)
{
    struct merkle_level *l = &m->levels[level];
    memset(l->block + l->count * VERITY_HASH_SIZE, 0,
           (VERITY_FANOUT - l->count) * VERITY_HASH_SIZE);
    int rc = pwrite_all(m->fd, l->block, sizeof l->block, l->at * VERITY_BLOCK_SIZE);
    if (rc == 0)
        rc = level_add(m, level + 1, l->block);
    l->count = 0;
    l->at++;
    return rc;
}

/* Adds the hash of `block` to a level, of which there are at most VERITY_LEVELS_MAX. */
static int level_add(struct merkle *m, uint32_t level, const uint8_t *block)
{
    if (level == m->verity.levels) {
        verity_hash(&m->verity, block, m->root);
        return 0;
    }
    struct merkle_level *l = &m->levels[level];
    verity_hash(&m->verity, block, l->block + l->count++ * VERITY_HASH_SIZE);
    return l->count == VERITY_FANOUT ? level_flush(m, level) : 0;
}

int merkle_add(struct merkle *m, const uint8_t block[VERITY_BLOCK_SIZE])
{
    return level_add(m, 0, block);
}

int merkle_finish(struct merkle *m)
{
    int rc = 0;
    for (uint32_t level = 0; level < m->verity.levels && rc == 0; level++)
        if (m->levels[level].count > 0)
            rc = level_flush(m, level);
    uint8_t super[VERITY_BLOCK_SIZE] = {0};
    verity_write(super, &m->verity);
    if (rc == 0)
        rc = pwrite_all(m->fd, super, sizeof super, m->verity.data_blocks * VERITY_BLOCK_SIZE);
    return rc;
}
