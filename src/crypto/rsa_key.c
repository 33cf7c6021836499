/* SPDX-License-Identifier: Apache-2.0
 * rsa_key.c: private half of rsa.h, by OpenSSL.  A struct rsa_key is an EVP_PKEY that was checked
 * to be RSA-3072 with exponent 3. */
#include <errno.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "crypto/rsa.h"

struct rsa_key {
    EVP_PKEY *pkey;
    uint8_t modulus[RSA3072_SIZE]; /* little-endian */
};

static void cleanup_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void cleanup_ctx(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void cleanup_number(BIGNUM **n)
{
    BN_free(*n);
}

#define auto_bio __attribute__((cleanup(cleanup_bio))) BIO *
#define auto_ctx __attribute__((cleanup(cleanup_ctx))) EVP_PKEY_CTX *
#define auto_number __attribute__((cleanup(cleanup_number))) BIGNUM *

/* Refuses what SGX cannot use and fills key->modulus. */
static int key_check(struct rsa_key *key, struct err *e)
{
    int bits = EVP_PKEY_get_bits(key->pkey);
    if (!EVP_PKEY_is_a(key->pkey, "RSA"))
        return fail(e, -EINVAL, "signing key: SGX needs an RSA key of 3072 bits, this is %s",
                    EVP_PKEY_get0_type_name(key->pkey));
    if (bits != RSA3072_SIZE * 8)
        return fail(e, -EINVAL, "signing key: SGX needs RSA of 3072 bits, this key has %d", bits);
    BIGNUM *found_n = NULL;
    BIGNUM *found_e = NULL;
    EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &found_n);
    EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &found_e);
    auto_number n = found_n;
    auto_number exponent = found_e;
    if (!n || !exponent || BN_bn2lebinpad(n, key->modulus, RSA3072_SIZE) < 0)
        return fail(e, -ENOMEM, "signing key: out of memory");
    if (!BN_is_word(exponent, 3))
        return fail(e, -EINVAL,
                    "signing key: SGX needs the public exponent 3, this key has another one; make "
                    "one with `cella key new`");
    return 0;
}

/* Takes over `pkey` (may be NULL), also when it fails. */
static int key_wrap(struct rsa_key **out, EVP_PKEY *pkey, struct err *e)
{
    struct rsa_key *key = calloc(1, sizeof *key);
    if (!key || !pkey) {
        free(key);
        EVP_PKEY_free(pkey);
        return fail(e, -ENOMEM, "signing key: out of memory");
    }
    key->pkey = pkey;
    int rc = key_check(key, e);
    if (rc) {
        rsa_key_free(key);
        return rc;
    }
    *out = key;
    return 0;
}

/* Keys with a passphrase are refused instead of asking on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

int rsa_key_parse(struct rsa_key **out, struct span pem, struct err *e)
{
    if (pem.size > INT_MAX)
        return fail(e, -EINVAL, "signing key: the file is too large");
    auto_bio bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    if (!bio)
        return fail(e, -ENOMEM, "signing key: out of memory");
    bool asked = false;
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
    ERR_clear_error();
    if (!pkey && asked)
        return fail(e, -EINVAL,
                    "signing key: it is encrypted; remove the passphrase first (openssl pkey -in "
                    "KEY -out PLAIN)");
    if (!pkey)
        return fail(e, -EINVAL,
                    "signing key: a PEM private key is needed (-----BEGIN PRIVATE KEY-----), none "
                    "found");
    return key_wrap(out, pkey, e);
}

int rsa_key_new(struct rsa_key **out, struct err *e)
{
    auto_number three = BN_new();
    auto_ctx ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    if (!three || !ctx || !BN_set_word(three, 3) || EVP_PKEY_keygen_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, RSA3072_SIZE * 8) <= 0 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, three) <= 0 || EVP_PKEY_generate(ctx, &pkey) <= 0)
        return fail(e, -EIO, "signing key: the crypto library could not make one");
    return key_wrap(out, pkey, e);
}

void rsa_key_free(struct rsa_key *key)
{
    if (key)
        EVP_PKEY_free(key->pkey);
    free(key);
}

int rsa_key_write(const struct rsa_key *key, char **out, size_t *out_size, struct err *e)
{
    auto_bio bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) <= 0)
        return fail(e, -ENOMEM, "signing key: out of memory");
    long size = BIO_get_mem_data(bio, &text);
    char *copy = size > 0 ? malloc((size_t)size) : NULL;
    if (!copy)
        return fail(e, -ENOMEM, "signing key: out of memory");
    memcpy(copy, text, (size_t)size);
    *out = copy;
    *out_size = (size_t)size;
    return 0;
}

void rsa_key_modulus(const struct rsa_key *key, uint8_t modulus[RSA3072_SIZE])
{
    memcpy(modulus, key->modulus, RSA3072_SIZE);
}

int rsa3072_sign(const struct rsa_key *key, const uint8_t digest[SHA256_SIZE],
                 uint8_t signature[RSA3072_SIZE], struct err *e)
{
    uint8_t big_endian[RSA3072_SIZE];
    size_t size = sizeof big_endian;
    auto_ctx ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!ctx || EVP_PKEY_sign_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0 ||
        EVP_PKEY_sign(ctx, big_endian, &size, digest, SHA256_SIZE) <= 0 ||
        size != sizeof big_endian)
        return fail(e, -EIO, "signing key: the crypto library could not sign with this key");
    for (size_t i = 0; i < RSA3072_SIZE; i++)
        signature[i] = big_endian[RSA3072_SIZE - 1 - i];
    return 0;
}
