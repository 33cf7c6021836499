/* SPDX-License-Identifier: Apache-2.0
 * verify.h: holds what streams by against a descriptor. */
#ifndef CELLA_OCI_VERIFY_H
#define CELLA_OCI_VERIFY_H

#include "crypto/sha256.h"
#include "oci/registry.h"

struct oci_verifier {
    const struct oci_descriptor *want; /* size UINT64_MAX: not known */
    struct sha256 hash;
    uint64_t got;
};

void oci_verifier_init(struct oci_verifier *v, const struct oci_descriptor *want);
/* -EBADMSG as soon as there is more than the descriptor says. */
int oci_verifier_add(struct oci_verifier *v, struct span part) MUST_USE;
int oci_verifier_end(struct oci_verifier *v, struct err *e) MUST_USE;

/* "sha256:..." of a text. */
void oci_digest_of(char out[OCI_DIGEST_SIZE], struct span content);

#endif
