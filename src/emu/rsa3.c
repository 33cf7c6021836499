/* SPDX-License-Identifier: Apache-2.0
 * rsa3.c: see rsa3.h.  S^3 mod M without any division: Q1 = floor(S*S / M) leaves R1 = S*S - Q1*M
 * below M, and Q2 = floor(S*R1 / M) leaves R2 = S*R1 - Q2*M below M, which is S^3 mod M and has to
 * be the padded hash. */
#include "emu/rsa3.h"

#include <string.h>

#include "base/bytes.h"
#include "crypto/sha256.h"

enum { LIMBS = 48, BYTES = 384 };

typedef unsigned __int128 wide;

struct number {
    uint64_t limb[LIMBS]; /* little-endian */
};

struct product {
    uint64_t limb[2 * LIMBS];
};

static struct number read_number(const uint8_t bytes[BYTES])
{
    struct number n;
    for (size_t i = 0; i < LIMBS; i++)
        n.limb[i] = get_le64(bytes + 8 * i);
    return n;
}

static struct product multiply(const struct number *a, const struct number *b)
{
    struct product p = {.limb = {0}};
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < LIMBS; j++) {
            wide sum = (wide)a->limb[i] * b->limb[j] + p.limb[i + j] + carry;
            p.limb[i + j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        p.limb[i + LIMBS] = carry;
    }
    return p;
}

/* a -= b; true when it would have gone below zero. */
static bool subtract(struct product *a, const struct product *b)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < ARRAY_COUNT(a->limb); i++) {
        wide difference = (wide)a->limb[i] - b->limb[i] - borrow;
        a->limb[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    return borrow;
}

static bool is_below(const uint64_t *a, const struct number *b)
{
    for (size_t i = LIMBS; i-- > 0;)
        if (a[i] != b->limb[i])
            return a[i] < b->limb[i];
    return false;
}

/* *rest = a * b - quotient * modulus; false unless 0 <= rest < modulus. */
static bool reduce(const struct number *a, const struct number *b, const struct number *quotient,
                   const struct number *modulus, struct number *rest)
{
    struct product p = multiply(a, b);
    struct product q = multiply(quotient, modulus);
    if (subtract(&p, &q) || !bytes_are_zero(p.limb + LIMBS, sizeof rest->limb) ||
        !is_below(p.limb, modulus))
        return false;
    memcpy(rest->limb, p.limb, sizeof rest->limb);
    return true;
}

/* EMSA-PKCS1-v1_5 of the SHA-256 of the signed bytes, big-endian.  [PKCS1 9.2] */
static void pad_hash(const struct sgx_sigstruct *s, uint8_t out[BYTES])
{
    static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                          0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                          0x01, 0x05, 0x00, 0x04, 0x20};
    const size_t hash_at = BYTES - SHA256_SIZE;
    const size_t info_at = hash_at - sizeof digest_info;
    memset(out, 0xff, BYTES);
    out[0] = 0;
    out[1] = 1;
    out[info_at - 1] = 0;
    memcpy(out + info_at, digest_info, sizeof digest_info);
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, s, offsetof(struct sgx_sigstruct, modulus));
    sha256_update(&h, &s->miscselect,
                  offsetof(struct sgx_sigstruct, reserved4) -
                      offsetof(struct sgx_sigstruct, miscselect));
    sha256_final(&h, out + hash_at);
}

bool rsa3_verify(const struct sgx_sigstruct *s)
{
    struct number modulus = read_number(s->modulus);
    struct number signature = read_number(s->signature);
    struct number q1 = read_number(s->q1);
    struct number q2 = read_number(s->q2);
    if (!is_below(signature.limb, &modulus))
        return false;
    struct number square;
    struct number cube;
    if (!reduce(&signature, &signature, &q1, &modulus, &square) ||
        !reduce(&signature, &square, &q2, &modulus, &cube))
        return false;
    uint8_t expected[BYTES];
    pad_hash(s, expected);
    for (size_t i = 0; i < BYTES; i++)
        if ((uint8_t)(cube.limb[i / 8] >> i % 8 * 8) != expected[BYTES - 1 - i])
            return false;
    return true;
}
