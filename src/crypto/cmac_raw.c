/* SPDX-License-Identifier: Apache-2.0
 * cmac_raw.c: AES-128-CMAC by AES-NI; builds freestanding and needs memcpy and memset only.
 * [SP800-38B 6], [FIPS197 5] */
#include <immintrin.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/cmac.h"

#define AES_CODE __attribute__((target("aes,sse4.1")))

enum { ROUNDS = 10 };

struct aes128 {
    __m128i round[ROUNDS + 1];
};

/* The next round key out of the last and what AESKEYGENASSIST made of it.  [FIPS197 5.2] */
AES_CODE static inline __m128i next_key(__m128i key, __m128i assist)
{
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

AES_CODE static void expand(struct aes128 *aes, const uint8_t key[AES128_KEY_SIZE])
{
    __m128i *k = aes->round;
    k[0] = _mm_loadu_si128((const __m128i *)(const void *)key);
    k[1] = next_key(k[0], _mm_aeskeygenassist_si128(k[0], 0x01));
    k[2] = next_key(k[1], _mm_aeskeygenassist_si128(k[1], 0x02));
    k[3] = next_key(k[2], _mm_aeskeygenassist_si128(k[2], 0x04));
    k[4] = next_key(k[3], _mm_aeskeygenassist_si128(k[3], 0x08));
    k[5] = next_key(k[4], _mm_aeskeygenassist_si128(k[4], 0x10));
    k[6] = next_key(k[5], _mm_aeskeygenassist_si128(k[5], 0x20));
    k[7] = next_key(k[6], _mm_aeskeygenassist_si128(k[6], 0x40));
    k[8] = next_key(k[7], _mm_aeskeygenassist_si128(k[7], 0x80));
    k[9] = next_key(k[8], _mm_aeskeygenassist_si128(k[8], 0x1b));
    k[10] = next_key(k[9], _mm_aeskeygenassist_si128(k[9], 0x36));
}

AES_CODE static __m128i encrypt(const struct aes128 *aes, __m128i block)
{
    block = _mm_xor_si128(block, aes->round[0]);
    for (size_t i = 1; i < ROUNDS; i++)
        block = _mm_aesenc_si128(block, aes->round[i]);
    return _mm_aesenclast_si128(block, aes->round[ROUNDS]);
}

/* Multiplies by x in GF(2^128), most significant bit first: the subkeys K1 and K2.
 * [SP800-38B 6.1] */
static void double_block(uint8_t block[AES_BLOCK_SIZE])
{
    uint8_t carry = block[0] >> 7;
    for (size_t i = 0; i + 1 < AES_BLOCK_SIZE; i++)
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    block[AES_BLOCK_SIZE - 1] =
        (uint8_t)(block[AES_BLOCK_SIZE - 1] << 1 ^ (0x87 & (uint8_t)-carry));
}

AES_CODE void aes128_cmac(const uint8_t key[AES128_KEY_SIZE], const void *data, size_t size,
                          uint8_t mac[AES_BLOCK_SIZE])
{
    struct aes128 aes;
    expand(&aes, key);
    uint8_t subkey[AES_BLOCK_SIZE];
    _mm_storeu_si128((__m128i *)(void *)subkey, encrypt(&aes, _mm_setzero_si128()));
    double_block(subkey);

    const uint8_t *p = data;
    __m128i chain = _mm_setzero_si128();
    for (; size > AES_BLOCK_SIZE; p += AES_BLOCK_SIZE, size -= AES_BLOCK_SIZE)
        chain =
            encrypt(&aes, _mm_xor_si128(chain, _mm_loadu_si128((const __m128i *)(const void *)p)));

    uint8_t last[AES_BLOCK_SIZE] = {0};
    if (size)
        memcpy(last, p, size);
    if (size < AES_BLOCK_SIZE) {
        last[size] = 0x80;
        double_block(subkey);
    }
    chain = _mm_xor_si128(chain, _mm_loadu_si128((const __m128i *)(const void *)last));
    chain = _mm_xor_si128(chain, _mm_loadu_si128((const __m128i *)(const void *)subkey));
    _mm_storeu_si128((__m128i *)(void *)mac, encrypt(&aes, chain));
    bytes_wipe(&aes, sizeof aes);
    bytes_wipe(subkey, sizeof subkey);
}
