/* SPDX-License-Identifier: Apache-2.0
 * p256_test.c: ECDSA over P-256 against a published signature, and what must be refused. */
#include "crypto/p256.h"

#include <errno.h>

#include "base/hex.h"
#include "base/test.h"

/* [RFC6979 A.2.5], SHA-256 of "sample". */
static const char g_secret[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char g_public[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                               "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char g_signature[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
/* The group's order.  [FIPS186 D.1.2.3] */
static const char g_order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

struct vector {
    uint8_t secret[P256_SECRET_SIZE], key[P256_PUBLIC_SIZE], signature[P256_SIGNATURE_SIZE];
    uint8_t digest[SHA256_SIZE];
};

static void load(struct vector *v)
{
    EXPECT_EQ(hex_parse(v->secret, sizeof v->secret, span_text(g_secret)), 0);
    EXPECT_EQ(hex_parse(v->key, sizeof v->key, span_text(g_public)), 0);
    EXPECT_EQ(hex_parse(v->signature, sizeof v->signature, span_text(g_signature)), 0);
    sha256("sample", 6, v->digest);
}

TEST(p256_accepts_the_published_signature)
{
    struct vector v;
    load(&v);
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), 0);
    uint8_t key[P256_PUBLIC_SIZE];
    EXPECT_EQ(p256_public(v.secret, key), 0);
    EXPECT(memcmp(key, v.key, sizeof key) == 0);
}

TEST(p256_refuses_any_flipped_bit)
{
    struct vector v;
    load(&v);
    for (size_t i = 0; i < sizeof v.signature; i++) {
        v.signature[i] ^= 0x10;
        EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EBADMSG);
        v.signature[i] ^= 0x10;
    }
    v.digest[31] ^= 1;
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EBADMSG);
    v.digest[31] ^= 1;
    v.key[40] ^= 1;
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EINVAL);
}

TEST(p256_refuses_zero_and_the_order_as_signature_numbers)
{
    struct vector v;
    load(&v);
    memset(v.signature, 0, P256_SIGNATURE_SIZE);
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EBADMSG);
    load(&v);
    EXPECT_EQ(hex_parse(v.signature, 32, span_text(g_order)), 0);
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EBADMSG);
}

TEST(p256_refuses_keys_that_are_no_points_and_secrets_out_of_range)
{
    struct vector v;
    load(&v);
    memset(v.key, 0, sizeof v.key);
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EINVAL);
    memset(v.key, 0xff, sizeof v.key);
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), -EINVAL);
    memset(v.secret, 0, sizeof v.secret);
    EXPECT_EQ(p256_sign(v.secret, v.digest, v.signature), -EINVAL);
    EXPECT_EQ(p256_public(v.secret, v.key), -EINVAL);
    EXPECT_EQ(hex_parse(v.secret, sizeof v.secret, span_text(g_order)), 0);
    EXPECT_EQ(p256_sign(v.secret, v.digest, v.signature), -EINVAL);
    EXPECT_EQ(p256_public(v.secret, v.key), -EINVAL);
}

TEST(p256_signs_with_a_new_key_what_it_verifies)
{
    struct vector v;
    struct vector other;
    load(&v);
    load(&other);
    EXPECT_EQ(p256_secret_new(v.secret), 0);
    EXPECT(memcmp(v.secret, other.secret, sizeof v.secret) != 0);
    EXPECT_EQ(p256_public(v.secret, v.key), 0);
    EXPECT_EQ(p256_sign(v.secret, v.digest, v.signature), 0);
    EXPECT_EQ(p256_verify(v.key, v.digest, v.signature), 0);
    EXPECT_EQ(p256_verify(other.key, v.digest, v.signature), -EBADMSG);
}
