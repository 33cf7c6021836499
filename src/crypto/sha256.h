/* SPDX-License-Identifier: Apache-2.0
 * sha256.h: SHA-256.  Nothing here allocates, fails or needs cleaning up.  Two implementations
 * stand behind this header: OpenSSL's outside the enclave (sha256.c), our own inside
 * (sha256_enclave_raw.c).  [FIPS180 6.2] */
#ifndef CELLA_CRYPTO_SHA256_H
#define CELLA_CRYPTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_BLOCK_SIZE = 64 };

/* A hash under way; may be copied to hash two continuations of one beginning. */
struct sha256 {
    union {
        struct {
            uint32_t state[8];
            uint64_t size; /* bytes so far */
            uint8_t block[SHA256_BLOCK_SIZE];
        };
        uint64_t room[14]; /* for the library's own state */
    };
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *data, size_t size);
/* Writes the digest; `h` must be set up anew before it is used again. */
void sha256_final(struct sha256 *h, uint8_t out[SHA256_SIZE]);

/* All of it in one call. */
void sha256(const void *data, size_t size, uint8_t out[SHA256_SIZE]);

#endif
