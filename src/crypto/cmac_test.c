/* SPDX-License-Identifier: Apache-2.0
 * cmac_test.c: AES-128-CMAC against NIST's examples and OpenSSL. */
#include "crypto/cmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/hex.h"
#include "base/test.h"

/* [SP800-38B] examples D.1, on prefixes of one message under one key. */
static const struct {
    size_t size;
    const char *mac;
} g_vectors[] = {
    {0, "bb1d6929e95937287fa37d129b756746"},
    {16, "070a16b46b4d4144f79bdd9dd04a287c"},
    {40, "dfa66747de9ae63030ca32611497c827"},
    {64, "51f0bebf7e3b9d92fc49741779363cfe"},
};

TEST(aes128_cmac_gives_the_published_macs)
{
    uint8_t key[AES128_KEY_SIZE];
    uint8_t message[64];
    REQUIRE(hex_parse(key, sizeof key, span_text("2b7e151628aed2a6abf7158809cf4f3c")) == 0);
    REQUIRE(
        hex_parse(message, sizeof message,
                  span_text("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                            "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")) ==
        0);
    for (size_t i = 0; i < ARRAY_COUNT(g_vectors); i++) {
        uint8_t mac[AES_BLOCK_SIZE];
        char text[2 * AES_BLOCK_SIZE + 1];
        aes128_cmac(key, message, g_vectors[i].size, mac);
        EXPECT_STR(hex_write(text, span_of(mac, sizeof mac)), g_vectors[i].mac);
    }
}

TEST(aes128_cmac_agrees_with_openssl_for_every_length)
{
    uint8_t data[200];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 101 + 7);
    for (size_t size = 0; size <= sizeof data - 16; size++) {
        uint8_t ours[AES_BLOCK_SIZE];
        uint8_t theirs[AES_BLOCK_SIZE];
        size_t theirs_size = 0;
        const uint8_t *key = data + size; /* another key each time, half of them with carries */
        aes128_cmac(key, data, size, ours);
        REQUIRE(EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, key, AES128_KEY_SIZE, data, size,
                          theirs, sizeof theirs, &theirs_size));
        EXPECT_EQ(theirs_size, AES_BLOCK_SIZE);
        EXPECT(memcmp(ours, theirs, sizeof ours) == 0);
    }
}
