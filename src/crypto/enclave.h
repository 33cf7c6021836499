/* SPDX-License-Identifier: Apache-2.0
 * enclave.h: which instructions the implementations inside the enclave may use.  CPUID is not
 * allowed there, so the entry code must say; the information may come from the untrusted host: if
 * it lies, the enclave runs slower or stops at #UD, and computes nothing wrong. */
#ifndef CELLA_CRYPTO_ENCLAVE_H
#define CELLA_CRYPTO_ENCLAVE_H

#include <stdbool.h>

/* True: sha256 may use the SHA extensions.  Until it is called plain C is used.  Call before other
 * threads enter. */
void sha256_use_sha_ni(bool available);

#endif
