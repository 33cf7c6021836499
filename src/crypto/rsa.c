/* SPDX-License-Identifier: Apache-2.0
 * rsa.c: public half of rsa.h, by OpenSSL's numbers: with exponent 3 a verification is two modular
 * multiplications and a comparison.  [RFC8017 8.2.2, 9.2] */
#include "crypto/rsa.h"

#include <errno.h>
#include <openssl/bn.h>

#include "base/bytes.h"

/* DER of DigestInfo for SHA-256, up to the digest.  [RFC8017 9.2 note 1] */
static const uint8_t g_digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

/* EM = 00 01 ff..ff 00 DigestInfo digest, big-endian.  [RFC8017 9.2] */
static void encoded_message(uint8_t em[RSA3072_SIZE], const uint8_t digest[SHA256_SIZE])
{
    size_t tail = sizeof g_digest_info + SHA256_SIZE;
    memset(em, 0xff, RSA3072_SIZE);
    em[0] = 0x00;
    em[1] = 0x01;
    em[RSA3072_SIZE - tail - 1] = 0x00;
    memcpy(em + RSA3072_SIZE - tail, g_digest_info, sizeof g_digest_info);
    memcpy(em + RSA3072_SIZE - SHA256_SIZE, digest, SHA256_SIZE);
}

/* The numbers of one computation, taken from one context. */
struct numbers {
    BN_CTX *ctx;
    BIGNUM *m, *s, *product, *q, *r;
};

static void numbers_free(struct numbers *n)
{
    BN_CTX_end(n->ctx);
    BN_CTX_free(n->ctx);
}

/* Reads M and S; -EINVAL unless S < M and M is odd with 3072 bits.  Needs numbers_free() when it
 * gives anything but -ENOMEM. */
static int numbers_init(struct numbers *n, const uint8_t *modulus, const uint8_t *signature)
{
    n->ctx = BN_CTX_new();
    if (!n->ctx)
        return -ENOMEM;
    BN_CTX_start(n->ctx);
    n->m = BN_CTX_get(n->ctx);
    n->s = BN_CTX_get(n->ctx);
    n->product = BN_CTX_get(n->ctx);
    n->q = BN_CTX_get(n->ctx);
    n->r = BN_CTX_get(n->ctx);
    if (!n->r || !BN_lebin2bn(modulus, RSA3072_SIZE, n->m) ||
        !BN_lebin2bn(signature, RSA3072_SIZE, n->s)) {
        numbers_free(n);
        return -ENOMEM;
    }
    bool fits = BN_num_bits(n->m) == RSA3072_SIZE * 8 && BN_is_odd(n->m) && BN_cmp(n->s, n->m) < 0;
    return fits ? 0 : -EINVAL;
}

/* q = floor(r * S / M), r = r * S mod M; pass 0 starts from r = S. */
static bool multiply(struct numbers *n, bool first)
{
    return BN_mul(n->product, first ? n->s : n->r, n->s, n->ctx) &&
           BN_div(n->q, n->r, n->product, n->m, n->ctx);
}

int rsa3072_verify(const uint8_t modulus[RSA3072_SIZE], const uint8_t signature[RSA3072_SIZE],
                   const uint8_t digest[SHA256_SIZE])
{
    struct numbers n;
    int rc = numbers_init(&n, modulus, signature);
    if (rc == -ENOMEM)
        return rc;
    uint8_t found[RSA3072_SIZE];
    uint8_t expected[RSA3072_SIZE];
    encoded_message(expected, digest);
    if (!rc &&
        (!multiply(&n, true) || !multiply(&n, false) || BN_bn2binpad(n.r, found, sizeof found) < 0))
        rc = -ENOMEM;
    numbers_free(&n);
    if (rc == -ENOMEM)
        return rc;
    return !rc && memcmp(found, expected, sizeof found) == 0 ? 0 : -EBADMSG;
}

int rsa3072_quotients(const uint8_t modulus[RSA3072_SIZE], const uint8_t signature[RSA3072_SIZE],
                      uint8_t q1[RSA3072_SIZE], uint8_t q2[RSA3072_SIZE])
{
    struct numbers n;
    int rc = numbers_init(&n, modulus, signature);
    if (rc == -ENOMEM)
        return rc;
    if (!rc && (!multiply(&n, true) || BN_bn2lebinpad(n.q, q1, RSA3072_SIZE) < 0 ||
                !multiply(&n, false) || BN_bn2lebinpad(n.q, q2, RSA3072_SIZE) < 0))
        rc = -ENOMEM;
    numbers_free(&n);
    return rc;
}
