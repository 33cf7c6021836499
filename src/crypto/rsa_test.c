/* SPDX-License-Identifier: Apache-2.0
 * rsa_test.c: RSA-3072 against real SIGSTRUCTs, and the keys that must be refused. */
#include "crypto/rsa.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/cleanup.h"
#include "base/test.h"

static const char *const g_samples[] = {
    "attestation/sigstruct/fortanix_sig1.bin",
    "attestation/sigstruct/fortanix_test_enclave.bin",
    "attestation/sigstruct/fortanix_em_cli.bin",
};

/* A SIGSTRUCT: where modulus, signature, Q1 and Q2 lie.  [SDM3D 38.13] */
enum { MODULUS = 128, SIGNATURE = 516, Q1 = 1040, Q2 = 1424, SIGSTRUCT_SIZE = 1808 };

static bool load(const char *name, uint8_t sample[SIGSTRUCT_SIZE], uint8_t digest[SHA256_SIZE])
{
    FILE *f = fopen(test_data(name), "rb");
    size_t size = f ? fread(sample, 1, SIGSTRUCT_SIZE, f) : 0;
    if (f)
        fclose(f);
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, sample, 128);
    sha256_update(&h, sample + 900, 128);
    sha256_final(&h, digest);
    return size == SIGSTRUCT_SIZE;
}

TEST(rsa3072_accepts_real_sigstructs_and_finds_their_quotients)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_samples); i++) {
        uint8_t sample[SIGSTRUCT_SIZE];
        uint8_t digest[SHA256_SIZE];
        uint8_t q1[RSA3072_SIZE];
        uint8_t q2[RSA3072_SIZE];
        REQUIRE(load(g_samples[i], sample, digest));
        EXPECT_EQ(rsa3072_verify(sample + MODULUS, sample + SIGNATURE, digest), 0);
        EXPECT_EQ(rsa3072_quotients(sample + MODULUS, sample + SIGNATURE, q1, q2), 0);
        EXPECT(memcmp(q1, sample + Q1, sizeof q1) == 0);
        EXPECT(memcmp(q2, sample + Q2, sizeof q2) == 0);
    }
}

TEST(rsa3072_refuses_any_flipped_bit)
{
    uint8_t sample[SIGSTRUCT_SIZE];
    uint8_t digest[SHA256_SIZE];
    REQUIRE(load(g_samples[0], sample, digest));
    for (size_t at = 0; at < RSA3072_SIZE; at++) {
        sample[SIGNATURE + at] ^= 1;
        EXPECT_EQ(rsa3072_verify(sample + MODULUS, sample + SIGNATURE, digest), -EBADMSG);
        sample[SIGNATURE + at] ^= 1;
        sample[MODULUS + at] ^= 1;
        EXPECT_EQ(rsa3072_verify(sample + MODULUS, sample + SIGNATURE, digest), -EBADMSG);
        sample[MODULUS + at] ^= 1;
    }
    digest[0] ^= 1;
    EXPECT_EQ(rsa3072_verify(sample + MODULUS, sample + SIGNATURE, digest), -EBADMSG);
}

TEST(rsa3072_refuses_short_moduli_and_signatures_not_below_the_modulus)
{
    uint8_t sample[SIGSTRUCT_SIZE];
    uint8_t digest[SHA256_SIZE];
    uint8_t q[RSA3072_SIZE];
    REQUIRE(load(g_samples[0], sample, digest));
    uint8_t top = sample[MODULUS + RSA3072_SIZE - 1];
    sample[MODULUS + RSA3072_SIZE - 1] = 0;
    EXPECT_EQ(rsa3072_verify(sample + MODULUS, sample + SIGNATURE, digest), -EBADMSG);
    EXPECT_EQ(rsa3072_quotients(sample + MODULUS, sample + SIGNATURE, q, q), -EINVAL);
    sample[MODULUS + RSA3072_SIZE - 1] = top;
    EXPECT_EQ(rsa3072_quotients(sample + MODULUS, sample + MODULUS, q, q), -EINVAL);
    EXPECT_EQ(rsa3072_verify(sample + MODULUS, sample + MODULUS, digest), -EBADMSG);
    memset(sample + MODULUS, 0, RSA3072_SIZE);
    EXPECT_EQ(rsa3072_quotients(sample + MODULUS, sample + SIGNATURE, q, q), -EINVAL);
}

TEST(rsa3072_refuses_short_and_even_moduli_whatever_the_signature)
{
    uint8_t sample[SIGSTRUCT_SIZE];
    uint8_t digest[SHA256_SIZE];
    uint8_t small[RSA3072_SIZE] = {2};
    uint8_t q[RSA3072_SIZE];
    REQUIRE(load(g_samples[0], sample, digest));
    EXPECT_EQ(rsa3072_quotients(sample + MODULUS, small, q, q), 0);
    sample[MODULUS] ^= 1;
    EXPECT_EQ(rsa3072_quotients(sample + MODULUS, small, q, q), -EINVAL);
    sample[MODULUS] ^= 1;
    sample[MODULUS + RSA3072_SIZE - 1] = 0x7f;
    EXPECT_EQ(rsa3072_quotients(sample + MODULUS, small, q, q), -EINVAL);
}

TEST(rsa_key_new_signs_is_written_and_read_again)
{
    struct err e = {0};
    struct rsa_key *key = NULL;
    struct rsa_key *again = NULL;
    char *written = NULL;
    size_t size = 0;
    uint8_t modulus[RSA3072_SIZE];
    uint8_t modulus_again[RSA3072_SIZE];
    uint8_t signature[RSA3072_SIZE];
    uint8_t digest[SHA256_SIZE];
    sha256("abc", 3, digest);
    REQUIRE(rsa_key_new(&key, &e) == 0);
    REQUIRE(rsa_key_write(key, &written, &size, &e) == 0);
    auto_free char *pem = written;
    REQUIRE(rsa_key_parse(&again, span_of(pem, size), &e) == 0);
    rsa_key_modulus(key, modulus);
    rsa_key_modulus(again, modulus_again);
    EXPECT(memcmp(modulus, modulus_again, sizeof modulus) == 0);
    EXPECT_EQ(rsa3072_sign(again, digest, signature, &e), 0);
    EXPECT_EQ(rsa3072_verify(modulus, signature, digest), 0);
    signature[5] ^= 1;
    EXPECT_EQ(rsa3072_verify(modulus, signature, digest), -EBADMSG);
    rsa_key_free(key);
    rsa_key_free(again);
    rsa_key_free(NULL);
}

/* Writes `pkey` as PEM, with a passphrase when one is given, and expects a refusal with `words`. */
static void expect_refused(EVP_PKEY *pkey, const char *passphrase, const char *words)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    int pass_size = passphrase ? (int)strlen(passphrase) : 0;
    REQUIRE(pkey && bio);
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(bio, pkey, passphrase ? EVP_aes_128_cbc() : NULL,
                                          passphrase, pass_size, NULL, NULL) == 1);
    long size = BIO_get_mem_data(bio, &pem);
    struct rsa_key *key = NULL;
    struct err e = {0};
    EXPECT_EQ(rsa_key_parse(&key, span_of(pem, (size_t)size), &e), -EINVAL);
    if (!strstr(e.text, words))
        test_failed(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", e.text, words);
    EXPECT(key == NULL);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

TEST(rsa_key_parse_refuses_other_keys_with_a_reason)
{
    expect_refused(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), NULL, "has 2048");
    expect_refused(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072), NULL, "public exponent 3");
    expect_refused(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL, "this is EC");
    expect_refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, "this is ED25519");
    expect_refused(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "secret", "encrypted");
}

TEST(rsa_key_parse_refuses_what_is_no_pem)
{
    struct rsa_key *key = NULL;
    struct err e = {0};
    EXPECT_EQ(rsa_key_parse(&key, span_text(""), &e), -EINVAL);
    EXPECT_EQ(rsa_key_parse(&key, span_text("hello\n"), &e), -EINVAL);
    EXPECT_EQ(rsa_key_parse(&key,
                            span_text("-----BEGIN PRIVATE KEY-----\nMIIG\n-----END PRIVATE "
                                      "KEY-----\n"),
                            &e),
              -EINVAL);
    EXPECT(strstr(e.text, "PEM private key") != NULL);
}
