/* SPDX-License-Identifier: Apache-2.0
 * rsa3.h: the signature check of EINIT, as hardware does it with the helpers Q1 and Q2. */
#ifndef CELLA_EMU_RSA3_H
#define CELLA_EMU_RSA3_H

#include <stdbool.h>

#include "sgx/arch.h"

/* True when the SIGSTRUCT's signature fits its modulus and its signed bytes, and Q1 and Q2 are the
 * quotients they claim to be.  [SDM3D 41.3 EINIT, PKCS1 9.2] */
bool rsa3_verify(const struct sgx_sigstruct *s);

#endif
