/* SPDX-License-Identifier: Apache-2.0
 * p256.h: ECDSA over P-256 on SHA-256 digests, with numbers as quotes carry them: 32 bytes each,
 * big-endian, r then s, x then y.  [FIPS186 6], [QUOTE3 A.4] */
#ifndef CELLA_CRYPTO_P256_H
#define CELLA_CRYPTO_P256_H

#include "base/err.h"
#include "crypto/sha256.h"

enum { P256_SECRET_SIZE = 32, P256_PUBLIC_SIZE = 64, P256_SIGNATURE_SIZE = 64 };

/* 0 when the signature is good; -EBADMSG when it is not; -EINVAL when the key is no point of the
 * curve; -ENOMEM. */
int p256_verify(const uint8_t key[P256_PUBLIC_SIZE], const uint8_t digest[SHA256_SIZE],
                const uint8_t signature[P256_SIGNATURE_SIZE]) MUST_USE;

/* Signs with the number `secret`; -EINVAL unless it lies between 1 and the group's order - 1. */
int p256_sign(const uint8_t secret[P256_SECRET_SIZE], const uint8_t digest[SHA256_SIZE],
              uint8_t signature[P256_SIGNATURE_SIZE]) MUST_USE;

/* The public key of `secret`; errors as p256_sign(). */
int p256_public(const uint8_t secret[P256_SECRET_SIZE], uint8_t key[P256_PUBLIC_SIZE]) MUST_USE;

/* A new random secret; -EIO when there is no randomness. */
int p256_secret_new(uint8_t secret[P256_SECRET_SIZE]) MUST_USE;

#endif
