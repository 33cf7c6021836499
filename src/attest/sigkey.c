/* SPDX-License-Identifier: Apache-2.0
 * sigkey.c: see sigkey.h.
 * OpenSSL's EC_KEY is used, deprecated as it is, because preparing an EVP_PKEY from a raw point
 * costs 25 us in OpenSSL 3.0 and an EC_KEY 3 us, beside 65 us for the check itself. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "attest/sigkey.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/sha256.h"

struct sigkey {
    EC_KEY *key;
};

/* Building a group costs more than preparing a key with it, so there is one for the process; it is
 * never freed. */
static EC_GROUP *g_group;
static pthread_once_t g_group_once = PTHREAD_ONCE_INIT;

static void make_group(void)
{
    g_group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

int sigkey_new(struct sigkey **out, const uint8_t xy[64])
{
    uint8_t point[65] = {POINT_CONVERSION_UNCOMPRESSED};
    memcpy(point + 1, xy, 64);
    struct sigkey *k = calloc(1, sizeof *k);
    if (!k)
        return -ENOMEM;
    pthread_once(&g_group_once, make_group);
    k->key = EC_KEY_new();
    if (!k->key || !g_group || EC_KEY_set_group(k->key, g_group) != 1) {
        sigkey_free(k);
        return -ENOMEM;
    }
    /* Checks that the point is on the curve; the infinity has no such encoding, the cofactor is 1.
     */
    if (EC_KEY_oct2key(k->key, point, sizeof point, NULL) != 1) {
        sigkey_free(k);
        return -EBADMSG;
    }
    *out = k;
    return 0;
}

void sigkey_free(struct sigkey *k)
{
    if (k)
        EC_KEY_free(k->key);
    free(k);
}

bool sigkey_check(const struct sigkey *k, struct span message, const uint8_t rs[64])
{
    if (!k)
        return false;
    uint8_t hash[32];
    digest_of(hash, message);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(rs, 32, NULL);
    BIGNUM *s = BN_bin2bn(rs + 32, 32, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return false;
    }
    int rc = ECDSA_do_verify(hash, sizeof hash, sig, k->key);
    ECDSA_SIG_free(sig);
    return rc == 1;
}

void digest_of(uint8_t out[32], struct span in)
{
    sha256(in.data, in.size, out);
}

void digest_two(uint8_t out[32], struct span a, struct span b)
{
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, a.data, a.size);
    sha256_update(&h, b.data, b.size);
    sha256_final(&h, out);
}
