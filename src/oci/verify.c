/* SPDX-License-Identifier: Apache-2.0
 * verify.c: see verify.h. */
#include "oci/verify.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"

static void write_digest(char out[OCI_DIGEST_SIZE], const uint8_t hash[SHA256_SIZE])
{
    memcpy(out, "sha256:", 7);
    hex_write(out + 7, span_of(hash, SHA256_SIZE));
}

void oci_digest_of(char out[OCI_DIGEST_SIZE], struct span content)
{
    uint8_t hash[SHA256_SIZE];
    sha256(content.data, content.size, hash);
    write_digest(out, hash);
}

void oci_verifier_init(struct oci_verifier *v, const struct oci_descriptor *want)
{
    v->want = want;
    v->got = 0;
    sha256_init(&v->hash);
}

int oci_verifier_add(struct oci_verifier *v, struct span part)
{
    if (part.size > v->want->size - v->got)
        return -EBADMSG;
    sha256_update(&v->hash, part.data, part.size);
    v->got += part.size;
    return 0;
}

int oci_verifier_end(struct oci_verifier *v, struct err *e)
{
    uint8_t hash[SHA256_SIZE];
    char found[OCI_DIGEST_SIZE];
    if (v->want->size != UINT64_MAX && v->got != v->want->size)
        return fail(e, -EBADMSG, "oci: %.20s... has %llu bytes, its manifest says %llu",
                    v->want->digest, (unsigned long long)v->got, (unsigned long long)v->want->size);
    sha256_final(&v->hash, hash);
    write_digest(found, hash);
    if (strcmp(found, v->want->digest) != 0)
        return fail(e, -EBADMSG, "oci: a blob has digest %s, expected %s", found, v->want->digest);
    return 0;
}
