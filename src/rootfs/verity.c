/* SPDX-License-Identifier: Apache-2.0
 * verity.c: see verity.h. */
#include "rootfs/verity.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "crypto/sha256.h"

static const uint8_t g_signature[8] = "verity\0";
static const uint8_t g_algorithm[32] = "sha256";

static uint64_t blocks_above(uint64_t blocks)
{
    return (blocks + VERITY_FANOUT - 1) >> VERITY_FANOUT_BITS;
}

void verity_init(struct verity *v, uint64_t data_blocks)
{
    uint64_t size[VERITY_LEVELS_MAX] = {0};
    *v = (struct verity){.data_blocks = data_blocks};
    for (uint64_t n = data_blocks; n > 1 && v->levels < VERITY_LEVELS_MAX; v->levels++) {
        n = blocks_above(n);
        size[v->levels] = n;
    }
    uint64_t at = data_blocks + 1; /* behind the verity superblock */
    for (uint32_t level = v->levels; level-- > 0;) {
        v->level_block[level] = at;
        at += size[level];
    }
    v->end_block = at;
}

int verity_parse(struct verity *v, struct span super, uint64_t data_blocks, struct err *e)
{
    struct cursor c = cursor_over(super);
    struct span signature = cursor_span(&c, sizeof g_signature);
    uint32_t version = cursor_u32(&c);
    uint32_t hash_type = cursor_u32(&c);
    cursor_span(&c, 16); /* uuid */
    struct span algorithm = cursor_span(&c, sizeof g_algorithm);
    uint32_t data_block_size = cursor_u32(&c);
    uint32_t hash_block_size = cursor_u32(&c);
    uint64_t found_blocks = cursor_u64(&c);
    uint16_t salt_size = cursor_u16(&c);
    cursor_span(&c, 6);
    struct span salt = cursor_span(&c, VERITY_SALT_MAX);
    int rc = cursor_check(&c, e, "verity superblock");
    if (rc)
        return rc;
    if (!span_equal(signature, span_of(g_signature, sizeof g_signature)) || version != 1)
        return fail(e, -EBADMSG, "verity: no superblock of version 1 behind the file system");
    if (hash_type != 1 || !span_equal(algorithm, span_of(g_algorithm, sizeof g_algorithm)) ||
        data_block_size != VERITY_BLOCK_SIZE || hash_block_size != VERITY_BLOCK_SIZE)
        return fail(e, -EBADMSG, "verity: only SHA-256 over blocks of 4096 bytes is supported");
    if (found_blocks != data_blocks || salt_size > VERITY_SALT_MAX)
        return fail(e, -EBADMSG, "verity: %llu blocks expected, %llu found, with %u bytes of salt",
                    (unsigned long long)data_blocks, (unsigned long long)found_blocks, salt_size);
    verity_init(v, data_blocks);
    v->salt_size = salt_size;
    memcpy(v->salt, salt.data, salt_size);
    return 0;
}

void verity_write(uint8_t out[VERITY_SUPER_SIZE], const struct verity *v)
{
    memset(out, 0, VERITY_SUPER_SIZE);
    memcpy(out, g_signature, sizeof g_signature);
    put_le32(out + 8, 1);
    put_le32(out + 12, 1);
    memcpy(out + 32, g_algorithm, sizeof g_algorithm);
    put_le32(out + 64, VERITY_BLOCK_SIZE);
    put_le32(out + 68, VERITY_BLOCK_SIZE);
    put_le64(out + 72, v->data_blocks);
    put_le16(out + 80, (uint16_t)v->salt_size);
    memcpy(out + 88, v->salt, v->salt_size);
}

void verity_hash(const struct verity *v, const uint8_t block[VERITY_BLOCK_SIZE],
                 uint8_t out[VERITY_HASH_SIZE])
{
    if (v->salt_size == 0) {
        sha256(block, VERITY_BLOCK_SIZE, out);
        return;
    }
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, v->salt, v->salt_size);
    sha256_update(&h, block, VERITY_BLOCK_SIZE);
    sha256_final(&h, out);
}
