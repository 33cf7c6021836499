/* SPDX-License-Identifier: Apache-2.0
 * sha256_test.c: OpenSSL's and the enclave's SHA-256 against published vectors and each other. */
#include "crypto/sha256.h"

#include "base/hex.h"
#include "base/test.h"
#include "crypto/enclave.h"

/* sha256_enclave_raw.c under other names, see meson.build. */
void enclave_sha256_init(struct sha256 *h);
void enclave_sha256_update(struct sha256 *h, const void *data, size_t size);
void enclave_sha256_final(struct sha256 *h, uint8_t out[SHA256_SIZE]);
void enclave_sha256(const void *data, size_t size, uint8_t out[SHA256_SIZE]);

static void expect_digest(const uint8_t digest[SHA256_SIZE], const char *expected)
{
    char text[2 * SHA256_SIZE + 1];
    EXPECT_STR(hex_write(text, span_of(digest, SHA256_SIZE)), expected);
}

/* The examples of NIST's Cryptographic Standards page for [FIPS180], and the empty message. */
static const struct {
    const char *message, *digest;
} g_vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qr"
     "smnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

TEST(sha256_gives_the_published_digests)
{
    uint8_t digest[SHA256_SIZE];
    for (size_t i = 0; i < ARRAY_COUNT(g_vectors); i++) {
        sha256(g_vectors[i].message, strlen(g_vectors[i].message), digest);
        expect_digest(digest, g_vectors[i].digest);
        enclave_sha256(g_vectors[i].message, strlen(g_vectors[i].message), digest);
        expect_digest(digest, g_vectors[i].digest);
    }
}

TEST(sha256_of_a_million_letters_in_odd_pieces)
{
    static char letters[1009];
    memset(letters, 'a', sizeof letters);
    struct sha256 ours;
    struct sha256 theirs;
    enclave_sha256_init(&ours);
    sha256_init(&theirs);
    for (size_t left = 1000000; left;) {
        size_t part = left < sizeof letters ? left : sizeof letters;
        enclave_sha256_update(&ours, letters, part);
        sha256_update(&theirs, letters, part);
        left -= part;
    }
    uint8_t digest[SHA256_SIZE];
    enclave_sha256_final(&ours, digest);
    expect_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256_final(&theirs, digest);
    expect_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void expect_agreement(void)
{
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 167 + 13);
    for (size_t size = 0; size <= sizeof data; size++) {
        uint8_t ours[SHA256_SIZE];
        uint8_t theirs[SHA256_SIZE];
        sha256(data, size, theirs);
        enclave_sha256(data, size, ours);
        EXPECT(memcmp(ours, theirs, sizeof ours) == 0);
        struct sha256 h;
        enclave_sha256_init(&h);
        enclave_sha256_update(&h, data, size / 3);
        enclave_sha256_update(&h, NULL, 0);
        enclave_sha256_update(&h, data + size / 3, size - size / 3);
        enclave_sha256_final(&h, ours);
        EXPECT(memcmp(ours, theirs, sizeof ours) == 0);
    }
}

TEST(enclave_sha256_in_plain_c_agrees_with_openssl_for_every_length)
{
    sha256_use_sha_ni(false);
    expect_agreement();
}

/* CPUID leaf 7, EBX bit 29.  [SDM2 CPUID] */
static bool cpu_has_sha_ni(void)
{
    unsigned a = 7;
    unsigned b;
    unsigned c = 0;
    unsigned d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b >> 29 & 1;
}

TEST(enclave_sha256_by_the_sha_extensions_agrees_with_openssl_for_every_length)
{
    if (!cpu_has_sha_ni())
        test_skip("this CPU has no SHA extensions");
    sha256_use_sha_ni(true);
    expect_agreement();
}

TEST(sha256_state_can_be_copied_to_continue_twice)
{
    struct sha256 first;
    sha256_init(&first);
    sha256_update(&first, "ab", 2);
    struct sha256 second = first;
    uint8_t digest[SHA256_SIZE];
    sha256_update(&first, "c", 1);
    sha256_final(&first, digest);
    expect_digest(digest, g_vectors[1].digest);
    sha256_update(&second, "c", 1);
    sha256_final(&second, digest);
    expect_digest(digest, g_vectors[1].digest);
}
