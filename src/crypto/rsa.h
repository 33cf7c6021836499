/* SPDX-License-Identifier: Apache-2.0
 * rsa.h: RSA-3072 with exponent 3, RSASSA-PKCS1-v1_5 with SHA-256: the one form of RSA that SGX
 * knows.  Moduli, signatures and quotients are 384 bytes, little-endian, as in a SIGSTRUCT.
 * [SDM3D 38.13], [RFC8017 8.2] */
#ifndef CELLA_CRYPTO_RSA_H
#define CELLA_CRYPTO_RSA_H

#include "base/err.h"
#include "base/span.h"
#include "crypto/sha256.h"

enum { RSA3072_SIZE = 384 };

/* 0 when `signature` over the message with this digest verifies under `modulus`; -EBADMSG when it
 * does not or the modulus is no 3072-bit odd number; -ENOMEM. */
int rsa3072_verify(const uint8_t modulus[RSA3072_SIZE], const uint8_t signature[RSA3072_SIZE],
                   const uint8_t digest[SHA256_SIZE]) MUST_USE;

/* q1 = floor(S^2 / M), q2 = floor((S^3 - q1 * S * M) / M), which spare the CPU two divisions.
 * -EINVAL when S is not below M (then q1 or q2 would not fit) or M has less than 3072 bits;
 * -ENOMEM.  [SDM3D 38.13] */
int rsa3072_quotients(const uint8_t modulus[RSA3072_SIZE], const uint8_t signature[RSA3072_SIZE],
                      uint8_t q1[RSA3072_SIZE], uint8_t q2[RSA3072_SIZE]) MUST_USE;

/* A private key. */
struct rsa_key;

/* Reads an unencrypted PEM private key and refuses all but RSA-3072 with exponent 3.  The caller
 * frees *out with rsa_key_free().  -EINVAL, -ENOMEM. */
int rsa_key_parse(struct rsa_key **out, struct span pem, struct err *e) MUST_USE;

/* Makes a key; takes about a second.  -EIO when the library fails. */
int rsa_key_new(struct rsa_key **out, struct err *e) MUST_USE;
void rsa_key_free(struct rsa_key *key);

/* The key as PKCS #8 PEM text, secret; the caller wipes and frees *out with free(). */
int rsa_key_write(const struct rsa_key *key, char **out, size_t *out_size, struct err *e) MUST_USE;

void rsa_key_modulus(const struct rsa_key *key, uint8_t modulus[RSA3072_SIZE]);

int rsa3072_sign(const struct rsa_key *key, const uint8_t digest[SHA256_SIZE],
                 uint8_t signature[RSA3072_SIZE], struct err *e) MUST_USE;

#endif
