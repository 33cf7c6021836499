/* SPDX-License-Identifier: Apache-2.0
 * sha256_enclave_raw.c: sha256.h without any library, for the enclave.  Blocks go through the SHA
 * extensions when sha256_use_sha_ni() allowed it, else through plain C; neither has a branch or an
 * address that depends on the data.  Needs memcpy and memset only.  [FIPS180 5, 6.2] */
#include <immintrin.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/enclave.h"
#include "crypto/sha256.h"

static const uint32_t g_initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint32_t g_round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static bool g_sha_ni;

void sha256_use_sha_ni(bool available)
{
    g_sha_ni = available;
}

static uint32_t ror(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t get_be32(const uint8_t *p)
{
    return __builtin_bswap32(get_le32(p));
}

static void put_be32(uint8_t *p, uint32_t value)
{
    put_le32(p, __builtin_bswap32(value));
}

/* The message schedule W.  [FIPS180 6.2.2 step 1] */
static void schedule(uint32_t w[64], const uint8_t *block)
{
    for (size_t t = 0; t < 16; t++)
        w[t] = get_be32(block + 4 * t);
    for (size_t t = 16; t < 64; t++) {
        uint32_t s0 = ror(w[t - 15], 7) ^ ror(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = ror(w[t - 2], 17) ^ ror(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

static void plain_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t v[8];
    schedule(w, block);
    memcpy(v, state, sizeof v);
    for (size_t t = 0; t < 64; t++) {
        uint32_t a = v[0];
        uint32_t e = v[4];
        uint32_t t1 = v[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
                      g_round[t] + w[t];
        uint32_t t2 =
            (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        for (size_t i = 7; i > 0; i--)
            v[i] = v[i - 1];
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

/* One block with SHA256RNDS2, which keeps the state as (A B E F) and (C D G H).  m[] is a ring of
 * the last 16 schedule words, four to a register.  [SDM2 SHA256RNDS2, SHA256MSG1, SHA256MSG2] */
__attribute__((target("sha,sse4.1,ssse3"))) static void ni_block(__m128i *abef, __m128i *cdgh,
                                                                 const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i m[4];
    __m128i s0 = *abef;
    __m128i s1 = *cdgh;
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++) {
        if (i < 4) {
            m[i] =
                _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)block + i), swap);
        } else {
            __m128i w = _mm_sha256msg1_epu32(m[i % 4], m[(i + 1) % 4]);
            w = _mm_add_epi32(w, _mm_alignr_epi8(m[(i + 3) % 4], m[(i + 2) % 4], 4));
            m[i % 4] = _mm_sha256msg2_epu32(w, m[(i + 3) % 4]);
        }
        __m128i k =
            _mm_add_epi32(m[i % 4], _mm_loadu_si128((const __m128i *)(const void *)g_round + i));
        s1 = _mm_sha256rnds2_epu32(s1, s0, k);
        s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(k, 0x0e));
    }
    *abef = _mm_add_epi32(*abef, s0);
    *cdgh = _mm_add_epi32(*cdgh, s1);
}

__attribute__((target("sha,sse4.1,ssse3"))) static void ni_blocks(uint32_t state[8],
                                                                  const uint8_t *data, size_t count)
{
    __m128i *words = (__m128i *)(void *)state;
    __m128i abcd = _mm_loadu_si128(words);
    __m128i efgh = _mm_loadu_si128(words + 1);
    __m128i abef = _mm_shuffle_epi32(_mm_unpacklo_epi64(abcd, efgh), 0x1b);
    __m128i cdgh = _mm_shuffle_epi32(_mm_unpackhi_epi64(abcd, efgh), 0x1b);
    for (; count; count--, data += SHA256_BLOCK_SIZE)
        ni_block(&abef, &cdgh, data);
    abef = _mm_shuffle_epi32(abef, 0x1b);
    cdgh = _mm_shuffle_epi32(cdgh, 0x1b);
    _mm_storeu_si128(words, _mm_unpacklo_epi64(abef, cdgh));
    _mm_storeu_si128(words + 1, _mm_unpackhi_epi64(abef, cdgh));
}

static void blocks(uint32_t state[8], const uint8_t *data, size_t count)
{
    if (g_sha_ni) {
        ni_blocks(state, data, count);
        return;
    }
    for (; count; count--, data += SHA256_BLOCK_SIZE)
        plain_block(state, data);
}

void sha256_init(struct sha256 *h)
{
    memcpy(h->state, g_initial, sizeof g_initial);
    h->size = 0;
}

void sha256_update(struct sha256 *h, const void *data, size_t size)
{
    const uint8_t *p = data;
    size_t fill = h->size % SHA256_BLOCK_SIZE;
    if (size == 0)
        return; /* `data` may be NULL */
    h->size += size;
    if (fill) {
        size_t room = SHA256_BLOCK_SIZE - fill;
        size_t part = size < room ? size : room;
        memcpy(h->block + fill, p, part);
        if (part < room)
            return;
        blocks(h->state, h->block, 1);
        p += part;
        size -= part;
    }
    blocks(h->state, p, size / SHA256_BLOCK_SIZE);
    size_t rest = size % SHA256_BLOCK_SIZE;
    if (rest)
        memcpy(h->block, p + (size - rest), rest);
}

void sha256_final(struct sha256 *h, uint8_t out[SHA256_SIZE])
{
    uint64_t bits = h->size * 8;
    size_t fill = h->size % SHA256_BLOCK_SIZE;
    h->block[fill++] = 0x80;
    if (fill > SHA256_BLOCK_SIZE - 8) {
        memset(h->block + fill, 0, SHA256_BLOCK_SIZE - fill);
        blocks(h->state, h->block, 1);
        fill = 0;
    }
    memset(h->block + fill, 0, SHA256_BLOCK_SIZE - 8 - fill);
    put_be32(h->block + 56, (uint32_t)(bits >> 32));
    put_be32(h->block + 60, (uint32_t)bits);
    blocks(h->state, h->block, 1);
    for (size_t i = 0; i < 8; i++)
        put_be32(out + 4 * i, h->state[i]);
}

void sha256(const void *data, size_t size, uint8_t out[SHA256_SIZE])
{
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, data, size);
    sha256_final(&h, out);
}
