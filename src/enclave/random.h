/* SPDX-License-Identifier: Apache-2.0
 * random.h: randomness that the host cannot see or choose: RDRAND, and nothing else. */
#ifndef CELLA_ENCLAVE_RANDOM_H
#define CELLA_ENCLAVE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills `out`.  When RDRAND fails ten times in a row, which Intel calls a broken CPU, the enclave
 * ends: there is no weaker source to fall back to.  [SDM1 7.3.17.1] */
void random_fill(void *out, size_t size);
uint64_t random_u64(void);

#endif
