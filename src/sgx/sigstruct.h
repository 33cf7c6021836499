/* SPDX-License-Identifier: Apache-2.0
 * sigstruct.h: SIGSTRUCT, what an enclave's signer says about it.  1808 bytes.  Nothing is verified
 * here but the format; the signature is checked with crypto/rsa.h, see measure/sign.h.
 * [SDM3D 38.13] */
#ifndef CELLA_SGX_SIGSTRUCT_H
#define CELLA_SGX_SIGSTRUCT_H

#include "base/err.h"
#include "base/span.h"
#include "sgx/arch.h"

enum { SIGSTRUCT_SIZE = 1808, SIGSTRUCT_SIGNED_SIZE = 256 };

#define SIGSTRUCT_VENDOR_INTEL 0x8086u

/* An empty one: the fixed headers and the exponent, the rest zero. */
void sigstruct_init(struct sgx_sigstruct *s);

/* True when `in` begins with the fixed header; for telling files apart. */
bool sigstruct_recognise(struct span in);

/* Bytes to fields, any bytes: reserved ones are kept, so that writing gives the input back.
 * -EBADMSG unless `in` has 1808 bytes. */
int sigstruct_parse(struct sgx_sigstruct *s, struct span in, struct err *e) MUST_USE;
void sigstruct_write(const struct sgx_sigstruct *s, uint8_t out[SIGSTRUCT_SIZE]);

/* Refuses what EINIT refuses as SGX_INVALID_SIG_STRUCT: -EBADMSG.  The date is not among it. */
int sigstruct_check(const struct sgx_sigstruct *s, struct err *e) MUST_USE;

/* The 256 bytes that the signature covers. */
void sigstruct_signed(const struct sgx_sigstruct *s, uint8_t out[SIGSTRUCT_SIGNED_SIZE]);

/* True for a day of the calendar in binary-coded decimal, 0xyyyymmdd. */
bool sigstruct_date_valid(uint32_t date);

#endif
