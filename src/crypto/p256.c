/* SPDX-License-Identifier: Apache-2.0
 * p256.c: p256.h by OpenSSL, for programs outside the enclave.  The EC_KEY calls that OpenSSL 3
 * calls deprecated take keys as numbers directly; building an EVP_PKEY for each raw key costs more
 * than the verification itself. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/p256.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#include "base/bytes.h"
#include "crypto/random.h"

enum { NUMBER = 32 };

static void cleanup_key(EC_KEY **key)
{
    EC_KEY_free(*key);
    ERR_clear_error();
}

static void cleanup_signature(ECDSA_SIG **sig)
{
    ECDSA_SIG_free(*sig);
}

static void cleanup_secret(BIGNUM **n)
{
    BN_clear_free(*n);
}

static void cleanup_point(EC_POINT **point)
{
    EC_POINT_free(*point);
}

#define auto_key __attribute__((cleanup(cleanup_key))) EC_KEY *
#define auto_signature __attribute__((cleanup(cleanup_signature))) ECDSA_SIG *
#define auto_secret __attribute__((cleanup(cleanup_secret))) BIGNUM *
#define auto_point __attribute__((cleanup(cleanup_point))) EC_POINT *

static EC_GROUP *g_group; /* set once by group_init() */

static void group_init(void)
{
    g_group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

/* A key without numbers, of the one shared group; NULL when out of memory. */
static EC_KEY *key_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, group_init);
    EC_KEY *key = g_group ? EC_KEY_new() : NULL;
    if (key && !EC_KEY_set_group(key, g_group)) {
        EC_KEY_free(key);
        return NULL;
    }
    return key;
}

int p256_verify(const uint8_t key[P256_PUBLIC_SIZE], const uint8_t digest[SHA256_SIZE],
                const uint8_t signature[P256_SIGNATURE_SIZE])
{
    uint8_t octets[1 + P256_PUBLIC_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    memcpy(octets + 1, key, P256_PUBLIC_SIZE);
    auto_key ec = key_new();
    auto_signature sig = ECDSA_SIG_new();
    if (!ec || !sig)
        return -ENOMEM;
    if (!EC_KEY_oct2key(ec, octets, sizeof octets, NULL))
        return -EINVAL;
    BIGNUM *r = BN_bin2bn(signature, NUMBER, NULL);
    BIGNUM *s = BN_bin2bn(signature + NUMBER, NUMBER, NULL);
    if (!r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
        return -ENOMEM;
    }
    return ECDSA_do_verify(digest, SHA256_SIZE, sig, ec) == 1 ? 0 : -EBADMSG;
}

/* Sets `secret` and, for p256_public(), the point that belongs to it. */
static int secret_load(EC_KEY *ec, const uint8_t secret[P256_SECRET_SIZE])
{
    auto_secret d = BN_bin2bn(secret, P256_SECRET_SIZE, NULL);
    if (!d)
        return -ENOMEM;
    if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(g_group)) >= 0)
        return -EINVAL;
    return EC_KEY_set_private_key(ec, d) ? 0 : -ENOMEM;
}

int p256_sign(const uint8_t secret[P256_SECRET_SIZE], const uint8_t digest[SHA256_SIZE],
              uint8_t signature[P256_SIGNATURE_SIZE])
{
    auto_key ec = key_new();
    if (!ec)
        return -ENOMEM;
    int rc = secret_load(ec, secret);
    if (rc)
        return rc;
    auto_signature sig = ECDSA_do_sign(digest, SHA256_SIZE, ec);
    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, NUMBER) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + NUMBER, NUMBER) < 0)
        return -ENOMEM;
    return 0;
}

int p256_public(const uint8_t secret[P256_SECRET_SIZE], uint8_t key[P256_PUBLIC_SIZE])
{
    auto_key ec = key_new();
    if (!ec)
        return -ENOMEM;
    int rc = secret_load(ec, secret);
    if (rc)
        return rc;
    auto_point point = EC_POINT_new(g_group);
    uint8_t octets[1 + P256_PUBLIC_SIZE];
    if (!point || !EC_POINT_mul(g_group, point, EC_KEY_get0_private_key(ec), NULL, NULL, NULL) ||
        EC_POINT_point2oct(g_group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets,
                           NULL) != sizeof octets)
        return -ENOMEM;
    memcpy(key, octets + 1, P256_PUBLIC_SIZE);
    return 0;
}

int p256_secret_new(uint8_t secret[P256_SECRET_SIZE])
{
    uint8_t key[P256_PUBLIC_SIZE];
    for (;;) {
        int rc = random_bytes(secret, P256_SECRET_SIZE);
        if (rc)
            return rc;
        rc = p256_public(secret, key); /* refuses 0 and what is too large: once in 2^32 */
        if (rc != -EINVAL)
            return rc;
    }
}
