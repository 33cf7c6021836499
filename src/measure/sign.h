/* SPDX-License-Identifier: Apache-2.0
 * sign.h: makes and verifies SIGSTRUCTs.  The result depends on the arguments alone (PKCS #1 v1.5
 * has no randomness, the date is an argument), so signing again gives the same bytes. */
#ifndef CELLA_MEASURE_SIGN_H
#define CELLA_MEASURE_SIGN_H

#include "crypto/rsa.h"
#include "sgx/arch.h"

/* What the signer states beside MRENCLAVE. */
struct sign_options {
    uint32_t date;      /* BCD, 0xyyyymmdd */
    uint32_t vendor;    /* 0, or 0x8086 for Intel's own */
    uint32_t swdefined; /* free for the signer */
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint8_t isvfamilyid[16]; /* this and the next are used with the KSS attribute only */
    uint8_t isvextprodid[16];
    struct sgx_attributes attributes;     /* EINIT demands these ... */
    struct sgx_attributes attribute_mask; /* ... where this has ones */
    uint32_t miscselect;
    uint32_t miscmask;
};

/* Everything zero, masks all ones: exactly `attributes` and `miscselect` and nothing else, so an
 * enclave signed without DEBUG cannot be started for debugging. */
void sign_options_default(struct sign_options *o, struct sgx_attributes attributes,
                          uint32_t miscselect);

/* Signs.  -EINVAL for a date that is none or a vendor that SGX refuses; -EIO, -ENOMEM from the
 * library. */
int sign_make(struct sgx_sigstruct *out, const uint8_t mrenclave[SHA256_SIZE],
              const struct sign_options *o, const struct rsa_key *key, struct err *e) MUST_USE;

/* Format, signature and both quotients.  -EBADMSG says which is wrong. */
int sign_verify(const struct sgx_sigstruct *s, struct err *e) MUST_USE;

/* MRSIGNER: the hash of the modulus as it is stored.  [SDM3D 39.4.1.2] */
void sign_mrsigner(const struct sgx_sigstruct *s, uint8_t out[SHA256_SIZE]);

#endif
