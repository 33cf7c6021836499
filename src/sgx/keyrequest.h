/* SPDX-License-Identifier: Apache-2.0
 * keyrequest.h: KEYREQUEST, what EGETKEY is asked for.  [SDM3D 38.17] */
#ifndef CELLA_SGX_KEYREQUEST_H
#define CELLA_SGX_KEYREQUEST_H

#include "base/err.h"
#include "base/span.h"
#include "sgx/arch.h"

enum { KEYREQUEST_SIZE = 512 };

/* Any 512 bytes; -EBADMSG for another size. */
int keyrequest_parse(struct sgx_keyrequest *k, struct span in, struct err *e) MUST_USE;
void keyrequest_write(const struct sgx_keyrequest *k, uint8_t out[KEYREQUEST_SIZE]);

/* -EBADMSG for reserved bytes or policy bits that are not zero and for unknown key names.  What
 * depends on the enclave that asks (attributes, KSS, current SVNs) is the CPU's to check. */
int keyrequest_check(const struct sgx_keyrequest *k, struct err *e) MUST_USE;

#endif
