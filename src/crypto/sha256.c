/* SPDX-License-Identifier: Apache-2.0
 * sha256.c: sha256.h by OpenSSL, for programs outside the enclave.  The calls that OpenSSL 3 calls
 * deprecated are the only ones that keep their state in the caller's memory. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "struct sha256 holds OpenSSL's state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "and aligns it");

static SHA256_CTX *ctx_of(struct sha256 *h)
{
    return (SHA256_CTX *)(void *)h->room;
}

void sha256_init(struct sha256 *h)
{
    SHA256_Init(ctx_of(h));
}

void sha256_update(struct sha256 *h, const void *data, size_t size)
{
    SHA256_Update(ctx_of(h), data, size);
}

void sha256_final(struct sha256 *h, uint8_t out[SHA256_SIZE])
{
    SHA256_Final(out, ctx_of(h));
}

void sha256(const void *data, size_t size, uint8_t out[SHA256_SIZE])
{
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, data, size);
    sha256_final(&h, out);
}
